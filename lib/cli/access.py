"""The commands about access: keys of programs, and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import click

from lib import settings
from lib.access import api_keys
from lib.access.sessions import end_all
from lib.access.users import Role, User, UserRepository
from lib.analytics.grants import Grant
from lib.catalog.catalog import BUILT_IN
from lib.cli.task_runner import perform, this_user
from lib.cli.terminal import echo
from lib.errors import DatabaseUnavailableError
from lib.jobs.queue import JobKind
from lib.store.state import StateStore


@click.group("keys")
def keys_group() -> None:
    """Make, list and revoke API keys."""


_LIMIT_FLAGS = {each.name: f"--{each.label.lower().replace(' ', '-')}" for each in BUILT_IN.grant_dimensions}


def _limit_options(help_text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add an option for each dimension that a grant may limit; `{a}` in its help is what the dimension's groups are."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for dimension in reversed(BUILT_IN.grant_dimensions):
            option_help = help_text.format(a=dimension.label.lower())
            option = click.option(_LIMIT_FLAGS[dimension.name], dimension.name, multiple=True, help=option_help)
            command = option(command)
        return command

    return add


@keys_group.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help=f"One of {', '.join(api_keys.SCOPES)}; may be repeated."
)
@_limit_options("Id of a {a} that the key may see; all if absent.")
@click.option("--expires", help="How long the key is good, such as 90d.")
def keys_create(name: str, scopes: tuple[str, ...], expires: str | None, **limits: tuple[str, ...]) -> None:
    """Make a key; print it, alone, on standard output. It is shown this once."""
    good_for = api_keys.parse_duration(expires) if expires else None
    with _state() as state:
        text, key = api_keys.create(state, name, scopes, this_user(), _grant(limits), BUILT_IN, good_for)
    until = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "until revoked"
    echo(f"Key {key.prefix} for '{key.name}' with {', '.join(key.scopes)}, good {until}. Shown this once:", err=True)
    echo(text)


@keys_group.command("list")
def keys_list() -> None:
    """List every key: prefix, state, name, scopes, limits, last use."""
    with _state() as state:
        found = api_keys.all_keys(state)
    for key in found:
        limits = _limits(key.grant)
        used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
        echo("  ".join([key.prefix, f"{key.status:<7}", key.name, " ".join(key.scopes), *limits, used]))
    if not found:
        echo("No keys yet. Make one with: callboard keys create NAME --scope analytics:read", err=True)


@keys_group.command("revoke")
@click.argument("prefix")
def keys_revoke(prefix: str) -> None:
    """Revoke a key for good, named by its prefix."""
    with _state() as state:
        key, is_first = api_keys.revoke(state, prefix, this_user())
    if is_first:
        echo(f"Revoked {key.prefix} ('{key.name}').", err=True)
    else:
        since = f"{key.revoked_at:%Y-%m-%d %H:%M} UTC"
        echo(f"{key.prefix} ('{key.name}') was revoked already, {since}; nothing was changed.", err=True)


@click.group("people")
def people_group() -> None:
    """Let people in, and say what they may do and see."""


_ROLE = click.Choice([role.value for role in Role])


@people_group.command("list")
def people_list() -> None:
    """List everyone: who, role, limits, last seen."""
    with _people() as known:
        found = known.all()
    for person in found:
        echo("  ".join([person.actor, person.role.value, *_limits(person.grant), _seen(person)]))
    if not found:
        echo("Nobody yet. Let someone in with: callboard people add EMAIL --role viewer", err=True)


@people_group.command("add")
@click.argument("email")
@click.option("--role", type=_ROLE, required=True)
@_limit_options("Id of one they may see; all if absent.")
def people_add(email: str, role: str, **limits: tuple[str, ...]) -> None:
    """Let someone in before they first log in, by the e-mail that the login's provider has verified."""
    with _people() as known:
        person = known.add(email, Role(role), _grant(limits), this_user())
    echo(f"{person.actor} may log in, as {person.role.value}.", err=True)


@people_group.command("change")
@click.argument("who")
@click.option("--role", type=_ROLE, required=True)
@_limit_options("Id of one they may see, instead of the limits so far.")
@click.option("--everything", is_flag=True, help="Take their limits away.")
def people_change(who: str, role: str, everything: bool, **limits: tuple[str, ...]) -> None:
    """Give a person, named by e-mail or subject, another role or other limits; they hold from the next action.

    Without a word about limits, they stay as they are; an admin has none.
    """
    new_grant = _grant(limits)
    if everything and not new_grant.everything:
        raise click.UsageError(f"--everything goes with neither {' nor '.join(_LIMIT_FLAGS.values())}.")
    with _people() as known:
        person = known.named(who)
        keeps = not everything and new_grant.everything and role != Role.ADMIN.value
        changed = known.change(person.id, Role(role), person.grant if keeps else new_grant, this_user())
    echo(f"{changed.actor} is {role} now, and sees {', '.join(_limits(changed.grant)) or 'everything'}.", err=True)


@people_group.command("log-out")
@click.argument("who")
def people_log_out(who: str) -> None:
    """End every session of a person, at their next action."""
    with _state() as state:
        person = UserRepository(state, BUILT_IN, settings.load().admin_names).named(who)
        ended = end_all(state, person, this_user())
    echo(f"Ended {ended} sessions of {person.actor}.", err=True)


@people_group.command("remove")
@click.argument("who")
def people_remove(who: str) -> None:
    """Forget a person and end their sessions."""
    with _people() as known:
        person = known.named(who)
        known.remove(person.id, this_user())
    echo(f"Removed {person.actor}.", err=True)


def _grant(limits: Mapping[str, Sequence[str]]) -> Grant:
    return Grant.of({name: ids or None for name, ids in limits.items()})


def _limits(grant: Grant) -> list[str]:
    held = ((dimension.plural, grant.ids(dimension)) for dimension in BUILT_IN.grant_dimensions)
    return [f"{plural}: {', '.join(ids)}" for plural, ids in held if ids is not None]


def _seen(person: User) -> str:
    return f"seen {person.seen_at:%Y-%m-%d %H:%M}" if person.seen_at else "never seen"


@contextmanager
def _people() -> Iterator[UserRepository]:
    with _state() as state:
        yield UserRepository(state, BUILT_IN, settings.load().admin_names)


@contextmanager
def _state() -> Iterator[StateStore]:
    """Give the state, unless CALLBOARD_TIMEZONE names another zone than the workspace has."""
    chosen = settings.load()
    if chosen.timezone_variable is not None:
        with suppress(DatabaseUnavailableError):  # a key can be revoked while nobody can tell the zone
            perform(JobKind.STORED_ZONE, {})
    state = StateStore(chosen)
    try:
        yield state
    finally:
        state.close()
