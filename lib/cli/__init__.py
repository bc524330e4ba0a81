"""The command line: `callboard import | imports | delete-all | sample | check | timezone | backup | restore | …`.

This module holds the commands that work on evaluations; `imports` holds those that list and undo imports and delete
everything, `access` those for API keys and people, `migrate` the one that brings the databases up to date, and
`task_runner` how a task is run. `restore` puts the stores' files in place itself; `keys` and `people` write to the
state, which several processes may open. What a task does is in `lib.jobs.tasks`.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv

from lib import __version__, settings
from lib.backup.restore import RestoreResult, restore
from lib.catalog.catalog import BUILT_IN
from lib.cli import access, archive, fields, imports, metrics, reports
from lib.cli.migrate import migrate_command
from lib.cli.task_runner import perform, progress, this_user
from lib.cli.terminal import echo
from lib.errors import CallboardError, CancelledError, ConflictError, SampleDataError, nearest
from lib.ingest import sample_data
from lib.ingest.sample_fields import with_sample_fields
from lib.jobs.queue import JobKind
from lib.observability.redaction import redact
from lib.reports import import_text
from lib.store import data_dir
from lib.store.enums import ImportResult

LISTED_PROBLEMS = 50


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="callboard")
def commands() -> None:
    """Call-quality analytics that a team runs itself."""


@commands.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="A TOML file that says where the columns come from.")
@click.option("--skip-bad-rows", is_flag=True, help="Load the good rows; keep the bad ones in a CSV.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, and change nothing.")
@click.option("--answers", is_flag=True, help="The files hold answers to criteria, of evaluations that are there.")
@click.option("--yes", is_flag=True, help="Replace sample data without asking.")
def import_command(
    files: tuple[Path, ...], mapping: Path | None, skip_bad_rows: bool, dry_run: bool, answers: bool, yes: bool
) -> None:
    """Load evaluations from CSV, XLSX, Parquet or JSON (.gz too), all or nothing.

    With --answers the columns are evaluationId, criterion, section, form, points, maxPoints, notApplicable, critical
    and comment, a row an answer.

    Exit codes: 0 loaded; 1 bad rows; 2 the call, the file or the mapping is wrong.
    """
    if answers and skip_bad_rows:
        raise click.UsageError("--skip-bad-rows is not for --answers: the answers of an evaluation belong together.")
    payload: dict[str, Any] = {
        "files": [(str(path.absolute()), path.name) for path in files],
        "mapping": _read_mapping(mapping),
        "skip_bad_rows": skip_bad_rows,
        "dry_run": dry_run,
        "answers": answers,
        "replace_sample": yes or not sys.stdin.isatty(),
    }
    try:
        result = perform(JobKind.IMPORT, payload)
    except SampleDataError:
        if not click.confirm("The app holds sample data. Replace them by your own?", err=True):
            raise CancelledError("Nothing was loaded.") from None
        result = perform(JobKind.IMPORT, {**payload, "replace_sample": True})
    for problem in map(import_text.problem_in_words, result["problems"][:LISTED_PROBLEMS]):
        echo(
            f"{problem['file']}, row {problem['row']}, column {problem['column']}: '{problem['value']}' "
            f"{problem['problem']}; right would be {problem['right']}",
            err=True,
        )
    for warning in import_text.warnings_in_words(result):
        echo(f"Warning: {warning}", err=True)
    if result["bad"]:
        count = f"{result['bad']} bad {'row' if result['bad'] == 1 else 'rows'}"
        echo(f"{count}, with the reason of each: {result['bad_rows_file']}", err=True)
    for line in import_text.in_words(result, is_plain=True):
        echo(line)
    came_to = ImportResult(result["result"])
    sys.exit(0 if came_to is ImportResult.LOADED or (came_to is ImportResult.DRY_RUN and not result["bad"]) else 1)


@commands.command("sample")
@click.option("--rows", type=click.IntRange(1, 1_000_000_000), default=sample_data.DEFAULT_ROWS, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=sample_data.DEFAULT_SEED, show_default=True)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day; yesterday when absent.")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write a CSV instead of loading.")
@click.option("--yes", is_flag=True, help="Replace evaluations of your own without asking.")
def sample_command(rows: int, seed: int, until: datetime | None, to: Path | None, yes: bool) -> None:
    """Fill the database with made-up evaluations; the same for the same rows, seed and last day."""
    if until is not None and until.date() < sample_data.FIRST_DAY:
        raise click.BadParameter(f"the last day can't lie before {sample_data.FIRST_DAY}", param_hint="--until")
    if to is not None:
        with data_dir.user_umask():
            _write_sample(rows, seed, until.date() if until else None, to)
        echo(f"rows written: {rows}")
        return
    last_day = until.date().isoformat() if until else None
    result = perform(JobKind.SAMPLE, {"rows": rows, "seed": seed, "until": last_day, "replace": yes})
    echo(f"rows made: {result['rows']}")
    echo(f"days: {result['first_day']} to {result['last_day']}")


@commands.command("check")
@click.option("--repair", is_flag=True, help="Compute the rollup anew from the facts, and mend what they tell.")
def check_command(repair: bool) -> None:
    """Recompute the rollup from the facts, and look at ids, names and days; exit with 1 where something is wrong."""
    result = perform(JobKind.CHECK, {"repair": repair})
    for line in result["lines"]:
        echo(line)
    if result["differences"]:
        echo(f"{result['differences']} cells differ (at most 20 are listed).", err=True)
    for line in result["repaired"]:
        echo(f"Repaired: {line}.")
    if result["left"]:
        if repair:
            echo("This is left, which a repair can't mend:")
            echo("\n".join(result["left"]))
        else:
            echo("To mend what can be mended: callboard check --repair", err=True)
        sys.exit(1)
    echo(f"The rollup equals the facts: {result['evaluations']} evaluations.")


@commands.command("timezone")
@click.argument("zone", required=False)
@click.option("--yes", is_flag=True, help="Change it without asking.")
def timezone_command(zone: str | None, yes: bool) -> None:
    """Change the workspace's time zone to ZONE, such as Europe/Madrid; without ZONE print the one it has.

    Every evaluation's day is computed anew, so that each day, week and month holds other evaluations.
    """
    if zone is None:
        echo(perform(JobKind.STORED_ZONE, {})["zone"])
        return
    if zone not in settings.zone_names():
        raise click.BadParameter(
            f"'{zone}' is not an IANA time zone{nearest(zone, settings.zone_names())}", param_hint="ZONE"
        )
    if perform(JobKind.STORED_ZONE, {"new": zone}, new_zone=zone)["zone"] == zone:
        echo(f"The time zone is {zone} already; nothing was changed.")
        return
    if not yes and not click.confirm(
        f"Every evaluation's day will be computed anew in {zone}; each day, week and month will hold other "
        "evaluations. An app that runs with CALLBOARD_TIMEZONE set to another zone then answers nothing until it is "
        "restarted. Change the time zone?",
        err=True,
    ):
        raise CancelledError("Nothing was changed.")
    result = perform(JobKind.TIMEZONE, {"zone": zone}, new_zone=zone)
    echo(f"time zone: {zone} (before: {result['before']})")
    echo(
        f"Where CALLBOARD_TIMEZONE is set, set it to {zone} and restart the app: with another zone it answers nothing, "
        "and does not start.",
        err=True,
    )


@commands.command("backup")
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--with-secret", is_flag=True, help="Put the secret that signs links into it, too.")
@click.option("--yes", is_flag=True, help="Replace a file of that name.")
def backup_command(to: Path, with_secret: bool, yes: bool) -> None:
    """Write everything into one file, TO, or one of today's date in the folder TO; while the app goes on.

    The file does not depend on the engine, appears whole or not at all, and is readable by its owner alone.
    """
    if os.path.isdir(to):  # which says no where it can't look, and where no name is that long
        to = to / f"callboard-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}.zip"
    result = perform(JobKind.BACKUP, {"path": str(to.absolute()), "with_secret": with_secret, "replace": yes})
    echo(f"backup: {result['path']}")
    echo(f"evaluations: {result['evaluations']}")
    echo(f"bytes: {result['bytes']}")


@commands.command("restore")
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what is there without asking.")
@click.option("--keep-sending", is_flag=True, help="Leave reports, alerts and webhooks on; else they are paused.")
def restore_command(source: Path, yes: bool, keep_sending: bool) -> None:
    """Put a backup in the place of all that is there, on the engine that the settings name; all or nothing.

    Reports, alerts and webhooks are paused, as the workspace that was backed up may send the same.
    """
    chosen = settings.load()
    show, done = progress()

    def run(*, replace: bool) -> RestoreResult:
        return restore(chosen, source, show, replace=replace, actor=this_user(), keep_sending=keep_sending)

    try:
        try:
            restored = run(replace=yes)
        except ConflictError as error:
            if not sys.stdin.isatty():
                raise
            if not click.confirm(f"{error.message}\nReplace all of it?", err=True):
                raise CancelledError("Nothing was restored.") from None
            restored = run(replace=True)
    finally:
        done()
    for line in restored.in_words:
        echo(line)


commands.add_command(migrate_command)
commands.add_command(imports.imports_group)
commands.add_command(imports.delete_all_command)
commands.add_command(archive.archive_command)
commands.add_command(fields.fields_group)
commands.add_command(metrics.metrics_group)
commands.add_command(reports.reports_group)
commands.add_command(access.keys_group)
commands.add_command(access.people_group)


def main() -> None:
    """Run the command line; every error of ours becomes a message and exit code 2."""
    try:
        commands(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CallboardError as error:
        echo(f"Error: {redact(error.message)}", err=True)
        sys.exit(130 if isinstance(error, CancelledError) else 2)
    except (click.Abort, KeyboardInterrupt):
        echo("Stopped; the data are as they were.", err=True)
        sys.exit(130)
    except Exception as error:  # nobody sees a stack trace
        words = redact(f"{type(error).__name__}: {error}")
        echo(f"Error: something went wrong that should not have ({words}). Please report it.", err=True)
        sys.exit(2)


def _read_mapping(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise click.BadParameter(f"there is no file {path}", param_hint="--mapping") from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} can't be read: {error}", param_hint="--mapping") from None


def _write_sample(rows: int, seed: int, until: date | None, to: Path) -> None:
    """Write sample data as a CSV, whole or not at all."""
    last_day = until or datetime.now().astimezone().date() - timedelta(days=1)
    partial = to.with_name(f".{to.name}.part")
    catalog = with_sample_fields(BUILT_IN)
    batches = sample_data.batches(rows, seed, last_day, settings.load().zone, catalog)
    made = (sample_data.canonical(batch, catalog) for batch in batches)
    first = next(made)
    try:
        with pa.csv.CSVWriter(partial, first.schema) as writer:
            writer.write(first)
            for batch in made:
                writer.write(batch)
        os.replace(partial, to)
    except OSError as error:
        raise CallboardError(f"{to} can't be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
