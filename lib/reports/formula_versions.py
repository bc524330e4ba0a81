"""Which version of a formula the figures of a file are of: the metrics in it that the workspace defined, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lib.catalog.metrics import FormulaVersion, Metric
from lib.i18n import number
from lib.reports.figure_files import figure_file
from lib.reports.file_columns import FileColumn
from lib.reports.page import Cards, ChartBlock, PageValue, TableBlock
from lib.reports.table import FileField, file_fields
from lib.reports.words import Words, formatted, text


def versions_of(metrics: Iterable[Metric]) -> tuple[FormulaVersion, ...]:
    """Return the formulas of metrics that the workspace defined, and of those within them, each once."""
    return tuple(dict.fromkeys(version for metric in metrics for version in metric.versions))


def column_versions(columns: Iterable[FileColumn | FileField[Any]]) -> tuple[FormulaVersion, ...]:
    """Return the formulas that the columns of a file are of."""
    return versions_of(column.metric for column in columns if column.metric is not None)


def page_versions(page: PageValue) -> tuple[FormulaVersion, ...]:
    """Return the formulas that the cards, tables and charts of a page are of."""
    return versions_of(_metrics(page))


def version_words(version: FormulaVersion) -> Words:
    """Return a formula with its metric's label, name and version, as a sentence."""
    return text(
        "{label} ({name}), version {version}: {formula}",
        label=version.label,
        name=version.name,
        version=formatted(number, version.version),
        formula=version.formula,
    )


def _metrics(page: PageValue) -> Iterator[Metric]:
    for block in page.flat:
        match block:
            case Cards():
                yield from (card.metric for card in block.cards)
            case TableBlock():
                columns = file_fields(block.table.columns)
                yield from (field.metric for field in columns if field.metric is not None)
            case ChartBlock():
                file = figure_file(block.title, block.key, block.figure)
                fields = () if file is None else file.fields
                yield from (field.metric for field in fields if field.metric is not None)
