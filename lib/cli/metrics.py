"""The commands about own metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from lib.cli.task_runner import perform
from lib.cli.terminal import echo
from lib.jobs.queue import JobKind


@click.group("metrics")
def metrics_group() -> None:
    """List the workspace's metrics, show one, define or change one, archive it."""


@metrics_group.command("list")
@click.option("--all", "with_archived", is_flag=True, help="Archived ones, too.")
def metrics_list(with_archived: bool) -> None:
    """List the metrics: name, formula, version; built-in ones and the workspace's."""
    for each in _perform("list"):
        if with_archived or not each["archived"]:
            echo("  ".join(_columns(each)))


@metrics_group.command("show")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="The last one where it is left out.")
def metrics_show(name: str, version: int | None) -> None:
    """Show a metric, or one of its versions, as JSON."""
    (found,) = _perform("show", name=name, version=version)
    echo(json.dumps(found, ensure_ascii=False, indent=2))


@metrics_group.command("set")
@click.argument("name")
@click.argument("formula", required=False)
@click.option("--label", help="What people call it; made of the name where it is left out.")
@click.option("--description", help="What it says, in a sentence.")
@click.option("--unit", help="number, share, score, seconds, count, or a text such as €.")
@click.option("--decimals", type=int, help="0 to 4.")
@click.option("--better", type=click.Choice(["higher", "lower", "none"]), help="Which direction is better.")
@click.option("--minimum", type=int, help="Below so many evaluations a value is marked; 30 where it is left out.")
@click.option("--target", help='A number, or JSON such as {"value": 8, "campaign": {"camp_12": 7.5}}; none: no target.')
def metrics_set(name: str, formula: str | None, better: str | None, target: str | None, **options: Any) -> None:
    """Define a metric by a formula such as 'share(field.resolved)', or change one: each change is a version."""
    values = {option: value for option, value in options.items() if value is not None}
    values |= {"formula": formula} if formula is not None else {}
    values |= {"better": None if better == "none" else better} if better is not None else {}
    values |= {"target": _target(target)} if target is not None else {}
    found = {each["name"]: each for each in _perform("set", name=name, values=values)}
    made = found[name]
    echo(f"{name}: version {made['version']}, {made['formula']}")


@metrics_group.command("archive")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Bring it back.")
def metrics_archive(name: str, undo: bool) -> None:
    """Leave a metric out of pages and answers; its versions stay."""
    for line in () if undo else _uses(name):
        echo(line, err=True)
    _perform("restore" if undo else "archive", name=name)
    echo(f"{'back' if undo else 'archived'}: {name}")


def _uses(name: str) -> Iterator[str]:
    """Say where a metric is used, where it is."""
    used = _perform("show", name=name, version=None)[0]["usedBy"]
    if used["metrics"]:
        yield f"These metrics use it, and can't be computed until it is back: {', '.join(used['metrics'])}"
    counts = {"views": len(used["views"]) + used["privateViews"], "pinned links": used["pinnedLinks"]}
    counts |= {"reports": used["reports"], "alerts": used["alerts"]}
    if shown := [f"{what}: {count}" for what, count in counts.items() if count]:
        yield f"It is used by {', '.join(shown)}."


def _target(text: str) -> Any:
    if text.strip().lower() in ("none", "null", ""):
        return None
    try:
        return json.loads(text)
    except ValueError:
        example = '{"value": 8, "campaign": {"camp_12": 7.5}}'
        raise click.UsageError(f"The target is neither a number nor JSON. Right would be 8, or {example}.") from None


def _perform(what: str, **values: Any) -> list[dict[str, Any]]:
    metrics: list[dict[str, Any]] = perform(JobKind.OWN_METRICS, {"do": what, **values})["metrics"]
    return metrics


def _columns(metric: dict[str, Any]) -> list[str]:
    return [
        metric["name"],
        metric["formula"],
        *(["built in"] if metric["builtIn"] else [f"version {metric['version']}"]),
        *([f"target={json.dumps(metric['target'])}"] if metric["target"] is not None else []),
        *(["archived"] if metric["archived"] else []),
        *([f"broken: {metric['problem']['message']}"] if metric["problem"] else []),
    ]
