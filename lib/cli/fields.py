"""The commands about own fields."""

from __future__ import annotations

import sys
from typing import Any

import click

from lib.catalog.own_fields import OwnFieldType
from lib.cli.task_runner import perform
from lib.cli.terminal import echo
from lib.jobs.queue import JobKind


@click.group("fields")
def fields_group() -> None:
    """List the workspace's own fields, define one, rename, archive and delete it."""


@fields_group.command("list")
def fields_list() -> None:
    """List the fields: name, type, label, unit, how many evaluations have a value, and whether it is archived."""
    listed = _perform("list")
    for each in listed:
        echo("  ".join(_columns(each)))
    if not listed:
        echo("No fields yet. Define one with: callboard fields add NAME --type category", err=True)


@fields_group.command("add")
@click.argument("name")
@click.option("--type", "type_", type=click.Choice([each.value for each in OwnFieldType]), required=True)
@click.option("--label", help="What people call it; made of the name where it is left out.")
@click.option("--unit", help="Of a number, such as min or €.")
def fields_add(name: str, type_: str, label: str | None, unit: str | None) -> None:
    """Define a field. Imports fill it by [fields] in a mapping, or by a header field.NAME."""
    _perform("add", name=name, type=type_, label=label, unit=unit)
    echo(f"defined: {name} ({type_})")


@fields_group.command("rename")
@click.argument("name")
@click.argument("label")
def fields_rename(name: str, label: str) -> None:
    """Give a field another label. Its name stays, so that links, mappings and exports go on working."""
    _perform("rename", name=name, label=label)
    echo(f"renamed: {name} is called {label}")


@fields_group.command("archive")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Bring it back.")
def fields_archive(name: str, undo: bool) -> None:
    """Leave a field out of pages, filters and answers; its values stay, and files keep them."""
    _perform("restore" if undo else "archive", name=name)
    echo(f"{'back' if undo else 'archived'}: {name}")


@fields_group.command("delete")
@click.argument("name")
@click.option("--yes-delete", "confirmed", metavar="NAME", help="The field's name once more, in place of the question.")
def fields_delete(name: str, confirmed: str | None) -> None:
    """Delete a field with all its values, for good."""
    values = next((each["values"] for each in _perform("list") if each["name"] == name), 0)
    if confirmed is None:
        if not sys.stdin.isatty():
            raise click.UsageError("Nothing was deleted; add --yes-delete NAME, with the field's name.")
        echo(f"This deletes {values} values for good.", err=True)
        confirmed = click.prompt(f"To delete them, type the field's name ({name})", err=True)
    if confirmed.strip() != name:
        raise click.UsageError(f"Nothing was deleted: the field is {name}, not {confirmed}.")
    _perform("delete", name=name)
    echo(f"deleted: {name}, with {values} values")


def _perform(what: str, **values: Any) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = perform(JobKind.OWN_FIELDS, {"do": what, **values})["fields"]
    return fields


def _columns(field: dict[str, Any]) -> list[str]:
    return [
        field["name"],
        field["type"],
        field["label"],
        *([field["unit"]] if field["unit"] else []),
        f"values={field['values']}",
        *(["archived"] if field["archived"] else []),
    ]
