"""What is said below a mail's table: which rows and columns it does not show."""

from __future__ import annotations

from collections.abc import Sequence

from lib.i18n import number, t, t_plural
from lib.mail.model import MailTable
from lib.reports.table import cut_words


def row_notes(table: MailTable) -> tuple[str, ...]:
    """Return how many rows of how many there are, and in what order."""
    rows = len(table.rows)
    notes: list[str | None] = []
    if not rows and not table.count:
        notes.append(t("Nothing to show."))
    elif table.order:
        notes.append(cut_words(rows, table.count, table.order))
    elif rows < table.count:
        notes.append(t("The first {shown} of {count} rows.", shown=number(rows), count=number(table.count)))
    return tuple(note for note in notes if note)


def column_note(names: Sequence[str]) -> str:
    """Return how many columns the page's table has besides, and their names; empty for none."""
    if not names:
        return ""
    return t_plural(
        "The table in Callboard has {count} more column: {names}.",
        "The table in Callboard has {count} more columns: {names}.",
        len(names),
        names=", ".join(names),
    )
