"""Who gets a report now, and what they may see: looked up each time that it goes out."""

from __future__ import annotations

from dataclasses import dataclass

from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.analytics.grants import Grant
from lib.delivery.mail_rules import may_get_mail
from lib.errors.report_codes import ReportCode
from lib.scheduled_reports.repository import ScheduledReport
from lib.settings import Settings


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address, with what it may see; or why nothing goes there."""

    address: str
    grant: Grant | None
    why_not: ReportCode | None = None


def recipients_of(
    report: ScheduledReport,
    addresses: tuple[str, ...],
    owners: OwnerLookup,
    owner_grant: Grant,
    unsubscribed: frozenset[str],
    settings: Settings,
) -> list[Recipient]:
    """Return what each of some addresses gets: people what they may see themselves, others what the owner may.

    Who had an account when the report was made and has none any more gets nothing.
    """
    return [
        _recipient(address, report, owners, owner_grant, settings)
        if address not in unsubscribed
        else Recipient(address, None, ReportCode.UNSUBSCRIBED)
        for address in addresses
    ]


def _recipient(
    address: str, report: ScheduledReport, owners: OwnerLookup, owner_grant: Grant, settings: Settings
) -> Recipient:
    person = owners.person(address)
    if person is not None:
        sees = person.may(Role.VIEWER)
        return Recipient(address, person.grant) if sees else _nothing(address, ReportCode.NO_ACCESS_ANY_MORE)
    if address in report.definition.accounts:
        return _nothing(address, ReportCode.NO_ACCESS_ANY_MORE)
    if not may_get_mail(address, settings.mail_domain_names, has_account=False):
        return _nothing(address, ReportCode.DOMAIN_NOT_ALLOWED)
    return Recipient(address, owner_grant)


def _nothing(address: str, why: ReportCode) -> Recipient:
    return Recipient(address, None, why)
