"""What can be taken along from a page: its charts as PNG and SVG, its tables, and the whole page as PDF and XLSX.

A file is made when its button is pressed, in a thread that knows no visitor: what makes it may not ask Streamlit for
anything, and is told the language.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.charts.chart import Chart
from lib.charts.image import ChartImage
from lib.exports import table_process
from lib.exports.file_names import file_name
from lib.exports.page_workbook import page_workbook
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE, TableExport
from lib.i18n import current, override_language, t
from lib.pdf import page_document
from lib.reports.context import PageContext
from lib.reports.figure_files import figure_file
from lib.reports.formula_versions import column_versions, version_words
from lib.reports.page import ChartBlock, PageValue
from lib.reports.table import TableFile
from lib.ui import current_user

PDF_TYPE = "application/pdf"


def picture_menu(context: PageContext, chart: Chart, block: ChartBlock) -> None:
    """Draw the menu that saves a chart as PNG or SVG, under its title and what it shows in words, and its numbers."""
    if not current_user.may(Role.ANALYST):
        return
    title, key = str(block.title), block.key
    numbers = figure_file(block.title, key, block.figure)
    versions = () if numbers is None else column_versions(numbers.fields)
    picture = ChartImage(chart, title, " · ".join(map(str, (*context.shown, *map(version_words, versions)))))
    makers: list[tuple[str, str, str, Callable[[], bytes | str]]] = [
        (t("PNG, for slides and mail"), "png", "image/png", picture.png),
        (t("SVG, for print and editing"), "svg", "image/svg+xml", picture.svg),
    ]
    if numbers is not None:
        makers += [
            (t("{format}, the numbers", format=ending.upper()), ending, kind, make)
            for ending, kind, make in _table_makers(context, numbers)
        ]
    with st.popover(t("Download chart"), type="tertiary", icon=":material/image:", key=f"picture-{key}"):
        for label, ending, kind, make in makers:
            name = file_name(title, ending)
            st.download_button(
                label,
                data=current_user.taking(make, name),
                file_name=name,
                mime=kind,
                on_click="ignore",
                key=f"picture-{key}-{ending}",
                type="tertiary",
                icon=":material/download:",
            )


def page_files(page: Callable[[], PageValue], title: str) -> None:
    """Draw the buttons that download a page, as PDF and as a workbook; `page` returns it when one is pressed."""
    if not current_user.may(Role.ANALYST):
        return
    language = current()
    for label, ending, kind, icon, make in (
        (t("Download PDF"), "pdf", PDF_TYPE, ":material/picture_as_pdf:", page_document.pdf),
        (t("Download workbook (XLSX)"), "xlsx", XLSX_TYPE, ":material/table_view:", _workbook),
    ):
        file = file_name(title, ending)
        st.download_button(
            label,
            data=current_user.taking(_in_language(language, page, make), file),
            file_name=file,
            mime=kind,
            on_click="ignore",
            key=f"page-{ending}",
            icon=icon,
        )


def _workbook(page: PageValue) -> bytes:
    return table_process.xlsx(page_workbook(page))


def _in_language(
    language: str, page: Callable[[], PageValue], make: Callable[[PageValue], bytes]
) -> Callable[[], bytes]:
    def made() -> bytes:
        with override_language(language):
            return make(page())

    return made


def table_files(context: PageContext, file: TableFile[Any]) -> None:
    """Draw the buttons that download a table with all of its rows; the file is made when one is pressed."""
    if not current_user.may(Role.ANALYST):
        return
    name = f"callboard-{file.stem}-{date.today().isoformat()}"
    labels = {"csv": t("Download CSV"), "xlsx": t("Download workbook (XLSX)")}
    with st.container(horizontal=True, gap="small"):
        for ending, kind, make in _table_makers(context, file):
            full = f"{name}.{ending}"
            taken = current_user.taking(make, full)
            key = f"{file.stem}-{ending}"
            st.download_button(labels[ending], data=taken, file_name=full, mime=kind, on_click="ignore", key=key)


def _table_makers(context: PageContext, file: TableFile[Any]) -> tuple[tuple[str, str, Callable[[], bytes]], ...]:
    """Return what makes a table's files, in the visitor's language, by their endings and types."""
    language = current()

    def table() -> TableExport:
        with override_language(language):
            shown = " · ".join(map(str, (*context.shown, *file.more_shown)))
            return TableExport.of(file, shown, context.zone_name)

    return ("csv", CSV_TYPE, lambda: table().csv()), ("xlsx", XLSX_TYPE, lambda: table_process.xlsx(table().workbook))
