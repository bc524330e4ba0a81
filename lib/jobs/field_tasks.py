"""Own fields as commands, pages and programs list, define, change and delete them; changes are in the audit."""

from __future__ import annotations

from typing import Any, Protocol

from lib.access.audit_log import Action
from lib.analytics import field_definitions
from lib.analytics.field_definitions import FieldUse
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.errors import FieldError
from lib.errors.field_codes import FieldCode
from lib.store.facts import FactStore
from lib.store.messages import Tell


class FieldContext(Protocol):
    """What these tasks work on: the workspace, as far as they know it."""

    facts: FactStore

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write a line of the audit."""


def work_on_fields(workspace: FieldContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task
    """Do what `do` says and return the fields as plain JSON.

    `list`; `add` (`name`, `type`, `label`, `unit`); `rename` (`name`, `label`); `archive`, `restore` and `delete`
    (`name`).
    """
    actor, name = payload["actor"], payload.get("name", "")
    if payload["do"] == "add":
        define_field(workspace, actor, name, payload["type"], payload.get("label"), payload.get("unit"))
    elif payload["do"] == "rename":
        change_field(workspace, actor, name, label=payload["label"])
    elif payload["do"] in ("archive", "restore"):
        change_field(workspace, actor, name, archived=payload["do"] == "archive")
    elif payload["do"] == "delete":
        delete_field(workspace, actor, name)
    return {"fields": [describe_field(use) for use in list_fields(workspace, EVERYTHING)]}


def list_fields(workspace: FieldContext, grant: Grant) -> tuple[FieldUse, ...]:
    """Return the fields, each with how many evaluations in sight have a value."""
    with workspace.facts.read() as connection:
        return field_definitions.fields_in_use(connection, grant)


def describe_field(use: FieldUse) -> dict[str, Any]:
    """Return a field as plain JSON."""
    own = use.own
    return {
        "name": own.name,
        "type": own.type.value,
        "label": own.label,
        "unit": own.unit,
        "archived": own.archived,
        "values": use.values,
    }


def define_field(
    workspace: FieldContext, actor: str, name: str, type_: str, label: str | None, unit: str | None
) -> OwnField:
    """Define a field. Raises FieldError where it can't be so, or is there already."""
    wanted = OwnField(0, name, field_definitions.parse_type(type_), label or "", unit)
    with workspace.facts.write() as connection:
        if any(own.name == name for own in field_definitions.own_fields(connection)):
            raise FieldError(FieldCode.FIELD_TAKEN, name=name)
        made = field_definitions.define(connection, [wanted])[0]
    workspace.note(actor, Action.FIELD_DEFINED, name, type=made.type.value)
    return made


def change_field(workspace: FieldContext, actor: str, name: str, **changed: Any) -> OwnField:
    """Change the type of a field that holds nothing, its label, its unit, or whether it is archived.

    Raises FieldError where there is none of the name, or where it can't be so.
    """
    type_ = changed.pop("type", None)
    with workspace.facts.write() as connection:
        own = field_definitions.find(field_definitions.own_fields(connection), name)
        if type_ is not None and type_ != own.type:
            own = field_definitions.change_type(connection, name, OwnFieldType(type_))
        if changed:
            own = field_definitions.change(connection, name, **changed)
    details = {each: "" if value is None else value for each, value in changed.items()}
    workspace.note(actor, Action.FIELD_CHANGED, name, **({"type": own.type.value} if type_ else {}), **details)
    return own


def delete_field(workspace: FieldContext, actor: str, name: str) -> None:
    """Delete a field with its values, for good. Raises FieldError where there is none of the name."""
    with workspace.facts.write() as connection:
        uses = {use.own.name: use.values for use in field_definitions.fields_in_use(connection, EVERYTHING)}
        field_definitions.delete(connection, name)
    workspace.note(actor, Action.FIELD_DELETED, name, values=uses[name])
