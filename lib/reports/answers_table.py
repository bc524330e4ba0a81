"""The answers of one evaluation as a table, in the order of its scorecard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lib.analytics.criteria import Answer
from lib.i18n import number, t
from lib.reports import criterion_words
from lib.reports.page import Block, Heading, TableBlock
from lib.reports.table import Column, FileField, PageTable, TableFile, file_fields
from lib.reports.words import plural, text


def blocks(answers: Sequence[Answer]) -> Iterator[Block]:
    """Yield the answers by section, sections in the order of their first answers."""
    title = text("Answers to criteria")
    sections = list(dict.fromkeys(each.criterion.section for each in answers))
    rows = sorted(answers, key=lambda each: sections.index(each.criterion.section))
    columns = _columns(rows)
    yield Heading(title)
    yield TableBlock(
        PageTable(
            title,
            "table-answers",
            tuple(columns),
            rows,
            len(rows),
            "",
            plural("Answers to criteria: {count} row", "Answers to criteria: {count} rows", len(rows)),
            TableFile(title, "answers", file_fields(columns), lambda: rows),
            has_total=False,
        )
    )


def _columns(answers: Sequence[Answer]) -> list[Column[Answer]]:
    section, criterion, points = text("Section"), text("Criterion"), text("Points")
    critical, comment = text("Critical"), text("Comment")
    columns: list[Column[Answer]] = []
    if any(each.criterion.section for each in answers):
        columns.append(
            Column(
                section,
                lambda row: criterion_words.section_name(row.criterion),
                in_file=(FileField("section", section, lambda row: row.criterion.section),),
            )
        )
    columns += [
        Column(
            criterion,
            lambda row: row.criterion.name,
            in_file=(FileField("criterion", criterion, lambda row: row.criterion.name),),
        ),
        Column(
            points,
            _points,
            kind=lambda row: "bad" if row.has_failed else "plain",
            in_file=(
                FileField("points", points, lambda row: row.points, "number"),
                FileField("maxPoints", text("Most points"), lambda row: row.max_points, "number"),
            ),
        ),
    ]
    if any(each.critical for each in answers):
        columns.append(Column(critical, _critical, in_file=(FileField("critical", critical, _critical),)))
    if any(each.comment for each in answers):
        columns.append(
            Column(
                comment,
                lambda row: row.comment or "",
                in_file=(FileField("comment", comment, lambda row: row.comment),),
            )
        )
    return columns


def _points(answer: Answer) -> str:
    """Return the points of how many there are; that the criterion was not applicable."""
    if answer.points is None or answer.max_points is None:
        return t("not applicable")
    return t("{points} of {most}", points=_amount(answer.points), most=_amount(answer.max_points))


def _amount(points: float) -> str:
    """Return points with as many decimals as they have, four at most."""
    decimals = next((each for each in range(4) if round(points, each) == points), 4)
    return number(points, decimals)


def _critical(answer: Answer) -> str:
    """Return whether a criterion is critical, and whether it failed the call."""
    if not answer.critical:
        return ""
    return t("critical, failed") if answer.has_failed else t("critical")
