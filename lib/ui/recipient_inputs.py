"""To whom a report or an alert goes: people with accounts, other addresses, and what each of them gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import streamlit as st

from lib.access.users import Role, User
from lib.configuration.addresses import plain_address
from lib.delivery.mail_rules import may_get_mail
from lib.errors.codes import CodedText
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.i18n import t
from lib.reports import job_text
from lib.scheduled_reports.repository import unsubscribed_of
from lib.ui import inputs, markdown
from lib.workspace import Workspace

EXAMPLE = "ann@example.com"
"""An example of an address."""

MOST_NAMED = 5
"""So many addresses are named in a sentence."""


class Recipients(Protocol):
    """A form with recipients."""

    @property
    def people(self) -> tuple[str, ...]:
        """The addresses that are offered as people's."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The other ones."""


def choose(
    space: Workspace,
    filled: Callable[[str], str],
    start: Recipients,
    people: Mapping[str, User],
    explain: Callable[[str, int], str],
) -> dict[str, Any]:
    """Draw the people and the addresses, and say what those get who have no account; return what is chosen.

    `filled` returns the key of a field's input, `explain` what some addresses, so many, get without an account.
    """
    values: dict[str, Any] = {"people": ()}
    offered = [address for address, person in people.items() if person.may(Role.VIEWER)]
    offered += [address for address in start.people if address not in offered]
    if offered:
        values["people"] = tuple(
            inputs.multiselect(
                t("People"),
                offered,
                format_func=lambda address: _person_name(people.get(address), address),
                key=filled("people"),
                placeholder=t("Choose people"),
                help=t("Each gets what they may see themselves, looked up each time."),
            )
        )
    domains = space.settings.mail_domain_names
    values["addresses"] = tuple(
        inputs.open_multiselect(
            t("Other addresses"),
            list(start.addresses),
            list(start.addresses),
            key=filled("addresses"),
            placeholder=EXAMPLE,
            help=_domains_text(domains),
        )
    )
    _check(values["addresses"], people, domains, explain)
    return values


def say_unsubscribed(space: Workspace, subject: str, recipients: Collection[str]) -> None:
    """Say which recipients of a report or an alert want no more mail of it."""
    gone = [each for each in recipients if each in unsubscribed_of(space.state, [subject])[subject]]
    if gone:
        named = ", ".join(gone[:MOST_NAMED]) + (" …" if len(gone) > MOST_NAMED else "")
        st.caption(t("Unsubscribed, so no mail goes there: {addresses}", addresses=markdown.text(named)))


def _check(
    addresses: tuple[str, ...],
    people: Mapping[str, User],
    domains: frozenset[str],
    explain: Callable[[str, int], str],
) -> None:
    """Say which addresses are none or not allowed, and what the others get."""
    without_account = []
    for each in addresses:
        address = plain_address(each)
        if not address:
            st.error(_problem(ParameterCode.NOT_AN_EMAIL.of(value=each[:100])))
        elif address in people:
            continue
        elif may_get_mail(address, domains, has_account=False):
            without_account.append(address)
        else:
            st.error(_problem(ReportCode.RECIPIENT_NOT_ALLOWED.of(value=address[:100])))
    if without_account:
        named = ", ".join(without_account[:MOST_NAMED]) + (" …" if len(without_account) > MOST_NAMED else "")
        st.info(explain(markdown.text(named), len(without_account)), icon=":material/visibility:")


def _problem(problem: CodedText) -> str:
    return markdown.text(job_text.in_words(problem))


def _domains_text(domains: frozenset[str]) -> str:
    if "*" in domains:
        return t("Type an address and press Enter. Any address is allowed.")
    if not domains:
        return t("Mail may go only to people with an account; CALLBOARD_MAIL_DOMAINS allows other addresses.")
    return t(
        "Type an address and press Enter. Allowed are people with an account, and addresses of {domains}.",
        domains=markdown.text(", ".join(sorted(domains))),
    )


def _person_name(person: User | None, address: str) -> str:
    return address if person is None or person.name == address else f"{person.name} · {address}"
