"""What is said below a mail's table: which rows and columns it does not show."""

from __future__ import annotations

from lib.i18n import number, t, t_plural
from lib.mail.model import MailTable
from lib.reports.table import cut_words


def table_notes(table: MailTable) -> tuple[str, ...]:
    """Return how many rows of how many there are, and the names of the columns that are left out."""
    rows = len(table.rows)
    notes: list[str | None] = []
    if not rows and not table.count:
        notes.append(t("Nothing to show."))
    elif table.order:
        notes.append(cut_words(rows, table.count, table.order))
    elif rows < table.count:
        notes.append(t("The first {shown} of {count} rows.", shown=number(rows), count=number(table.count)))
    if table.left_out:
        notes.append(
            t_plural(
                "The table in Callboard has {count} more column: {names}.",
                "The table in Callboard has {count} more columns: {names}.",
                len(table.left_out),
                names=", ".join(table.left_out),
            )
        )
    return tuple(note for note in notes if note)
