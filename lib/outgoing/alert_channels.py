"""How notices of alerts go out: by mail to who may see what they are about, and as events of webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.engine import Connection

from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.alerts.engine import AlertSources
from lib.alerts.events import event_of
from lib.alerts.notices import AlertNotice
from lib.alerts.states import MemberState
from lib.alerts.words import AlertMessage, MessageContext, message_of
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.planner import resolve_period
from lib.delivery import outbox
from lib.delivery.mail_rules import may_get_mail
from lib.delivery.outbox import Channel
from lib.errors.report_codes import ReportCode
from lib.i18n import override_language, t
from lib.mail.content import MailContent
from lib.mail.message_mail import MailMessage, MessageRow, MessageTable, message_mail
from lib.mail.model import MailLink
from lib.reports import filter_text
from lib.scheduled_reports.repository import unsubscribed_addresses
from lib.webhooks.events import EventPublisher, new_event


class AlertDeliveries:
    """Puts notices of alerts into the outbox, within the transaction that decides them."""

    def __init__(self, sources: AlertSources, owners: OwnerLookup, events: Callable[[], EventPublisher]) -> None:
        """Ask these what is so now."""
        self._settings, self._catalog, self._answers = sources.settings, sources.catalog, sources.answers
        self._owners, self._events = owners, events

    def mail(self, connection: Connection, notice: AlertNotice) -> None:
        """Put a notice into the outbox for each recipient, without the members that they may not see."""
        alert = notice.alert
        subject = self._subject_grant(connection, notice)
        if subject is None:  # whose alert it is has no access any more
            return
        left = unsubscribed_addresses(connection, alert.id)
        contents: dict[tuple[MemberState, ...], str] = {}
        for address in alert.definition.recipients:
            seen, why_not = self._seen_by(address, notice, subject)
            if address in left:
                seen, why_not = None, ReportCode.UNSUBSCRIBED
            content = None
            if seen is not None:
                if seen.members not in contents:
                    contents[seen.members] = outbox.add_content(connection, self._content(seen, subject).to_bytes())
                content = contents[seen.members]
            reason = None if why_not is None else why_not.value
            outbox.add(connection, Channel.MAIL, notice.cause, alert.id, address, content, reason)

    def call_webhooks(self, connection: Connection, notice: AlertNotice) -> None:
        """Put a notice into the outbox as an event, for the alert's webhooks and those that asked for such events."""
        subject = self._subject_grant(connection, notice)
        if subject is None:
            return
        context = self._context(notice, subject)
        name, data = event_of(notice, context)
        event = new_event(name, data, _plain_text(message_of(notice, context)), subject)
        self._events().emit(connection, event, notice.alert.definition.webhooks, notice.cause)

    def _subject_grant(self, connection: Connection, notice: AlertNotice) -> Grant | None:
        """Return what one must be allowed to see to be told of a notice: the owner's grant, within its filters."""
        grant = self._owners.grant_of(connection, notice.alert.owner_id, Role.VIEWER)
        if grant is None:
            return None
        limits = dict(grant.limits)
        for dimension in self._catalog().grant_dimensions:
            chosen = notice.alert.definition.parameters.get(dimension.parameter)
            if chosen:
                limits[dimension.name] = tuple(each for each in chosen if each in limits.get(dimension.name, chosen))
        return Grant.of(limits)

    def _seen_by(
        self, address: str, notice: AlertNotice, subject: Grant
    ) -> tuple[AlertNotice | None, ReportCode | None]:
        """Return what of a notice goes to an address; None with the reason where nothing does."""
        person = self._owners.person(address)
        if person is None:
            allowed = may_get_mail(address, self._settings().mail_domain_names, has_account=False)
            return (notice, None) if allowed else (None, ReportCode.DOMAIN_NOT_ALLOWED)
        if not person.may(Role.VIEWER):
            return None, ReportCode.NO_ACCESS_ANY_MORE
        by = self._catalog().groupings_by_name.get(notice.alert.definition.by or "")
        ids = None if by is None else person.grant.ids(by)
        members = notice.members if ids is None else tuple(each for each in notice.members if each.member in ids)
        limits = dict(subject.limits)
        if by is not None and ids is not None:  # the members that are left are within the person's grant
            limits[by.name] = tuple(each.member for each in members)
        if not members or not person.grant.covers(Grant.of(limits)):
            return None, ReportCode.SEES_LESS
        return replace(notice, members=members), None

    def _content(self, notice: AlertNotice, grant: Grant) -> MailContent:
        message = message_of(notice, self._context(notice, grant))
        with override_language(notice.alert.definition.language):
            rows = tuple(MessageRow(row) for row in message.rows)
            name = notice.alert.definition.name
            return message_mail(
                MailMessage(
                    message.subject,
                    message.subject,
                    message.sentences,
                    MessageTable(message.columns, rows, count=len(rows)),
                    tuple(MailLink(each.label, each.address) for each in message.links),
                    t("You receive this mail as a recipient of the alert {name}.", name=name),
                    is_subscription=True,
                )
            )

    def _context(self, notice: AlertNotice, grant: Grant) -> MessageContext:
        settings, catalog, definition = self._settings(), self._catalog(), notice.alert.definition
        filters = definition.filters(settings.zone, grant, catalog, settings.week_start, notice.at)
        zone = filters.zone(settings.zone)
        calendar = Calendar(zone, settings.week_start, notice.at.astimezone(zone).date())
        with override_language(definition.language):
            period = self._answers.run(resolve_period, filters, calendar)
            words = (*map(str, filter_text.selection(self._answers, filters, period)), zone.key)
            selection = " · ".join(words)
        base_url = settings.base_url or definition.base_url
        return MessageContext(catalog, settings.zone, settings.week_start, base_url, selection)


def _plain_text(message: AlertMessage) -> str:
    """Return a message as lines of text, as chat programs show it."""
    rows = (
        ", ".join(f"{head}: {cell}" for head, cell in zip(message.columns, row, strict=True)) for row in message.rows
    )
    links = (f"{each.label}: {each.address}" for each in message.links)
    return "\n".join((message.subject, *message.sentences, *rows, *links))
