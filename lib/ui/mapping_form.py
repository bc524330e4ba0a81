"""The form of a mapping: a file's first rows, how it is read, and where each column of an evaluation comes from.

What happens to a file with its mapping is in `import_page`; what a mapping is, in `lib.ingest.mapping`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.errors import CallboardError
from lib.i18n import t, t_in_context
from lib.ingest import column_guess, saved_mappings
from lib.ingest.mapping import ColumnSource, FileOptions, Mapping
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.ingest.reader_process import InputFile, Preview, preview
from lib.store.enums import Sentiment, State
from lib.ui import data_grid, inputs, markdown
from lib.workspace import Workspace

ROW_NUMBER = "‹file name and row number›"
NOTHING = "‹nothing›"
SHOWN_ROWS = 8
ENCODINGS = ["", "utf-8", "cp1252", "latin-1", "utf-16"]


def show(workspace: Workspace, file: InputFile, brought: str | None, stamp: str) -> tuple[Mapping, Preview] | None:
    """Draw the first rows and the columns, guessed and to be corrected; return None where the file can't be read.

    `brought` is the TOML of a mapping that came with the file, `stamp` what tells the widgets of this upload from those
    of another.
    """
    try:
        options = read_mapping(brought, workspace.catalog, t("the mapping")).file if brought else FileOptions()
        options = _file_options(workspace.catalog, options, stamp)
        with st.spinner(t("Reading the first rows …")):
            seen = _preview(str(file.path), file.name, write_mapping(Mapping(options)) or None, stamp)
    except CallboardError as error:
        st.error(markdown.problem(error))
        return None
    kept = brought or saved_mappings.find(workspace.state, seen.header)
    if kept and not brought:
        st.caption(t("A mapping that was saved for files of this header is filled in."))
    base = read_mapping(kept, workspace.catalog) if kept else column_guess.mapping(seen, options, workspace.catalog)
    st.subheader(t("First rows"), anchor=False)
    shown = pd.DataFrame(seen.rows[:SHOWN_ROWS], columns=data_grid.unique_names(seen.header))
    st.dataframe(shown, hide_index=True, width="stretch", alt=t("The first rows of the file as they came"))
    return _columns(workspace.catalog, base, options, seen, stamp), seen


@st.cache_data(show_spinner=False, max_entries=20)
def _preview(path: str, name: str, options_toml: str | None, _stamp: str) -> Preview:
    from lib import workspace

    return preview(InputFile(Path(path), name), options_toml, workspace.current().settings)


def _file_options(catalog: Catalog, base: FileOptions, stamp: str) -> FileOptions:
    with st.expander(t("How the file is read")):
        left, middle, right = st.columns(3)
        encodings = ENCODINGS if (base.encoding or "") in ENCODINGS else [*ENCODINGS, base.encoding or ""]
        encoding = inputs.selectbox(
            t("Encoding"),
            encodings,
            encodings.index(base.encoding or ""),
            place=left,
            format_func=lambda each: each or t("found out"),
            key=f"encoding-{stamp}",
        )
        delimiters = ["", ",", ";", "\t", "|"]
        delimiter = inputs.selectbox(
            t("Delimiter"),
            delimiters,
            delimiters.index(base.delimiter) if base.delimiter in delimiters else 0,
            place=left,
            format_func=lambda each: {"": t("found out"), "\t": t("tab")}.get(each, each),
            key=f"delimiter-{stamp}",
        )
        header_row = middle.number_input(t("Header in row"), 1, 1000, base.header_row, key=f"header-{stamp}")
        sheet = inputs.text_input(
            t("Sheet (XLSX)"), str(base.sheet or ""), place=middle, placeholder=t("the first"), key=f"sheet-{stamp}"
        )
        decimal = inputs.selectbox(
            t("Decimal sign"), [".", ","], [".", ","].index(base.decimal), place=right, key=f"decimal-{stamp}"
        )
        timezone = inputs.text_input(
            t("Time zone"),
            base.timezone or "",
            place=right,
            placeholder=t("the workspace's"),
            key=f"zone-{stamp}",
        )
        formats = inputs.text_input(
            t("Date formats"),
            " | ".join(base.date_formats),
            placeholder=t("ISO 8601, or such as %d/%m/%Y; several with | between"),
            key=f"formats-{stamp}",
        )
    named: str | int | None = int(sheet) if sheet.isascii() and sheet.isdigit() else sheet or None
    given = tuple(part.strip() for part in formats.split("|") if part.strip())
    options = replace(
        base,
        encoding=encoding or None,
        delimiter=delimiter or None,
        sheet=named,
        header_row=int(header_row),
        date_formats=given,
        timezone=timezone or None,
        decimal=decimal,
    )
    return read_mapping(write_mapping(Mapping(options)), catalog, t("How the file is read")).file


def _columns(catalog: Catalog, base: Mapping, options: FileOptions, seen: Preview, stamp: str) -> Mapping:
    st.subheader(t("Columns"), anchor=False)
    st.caption(
        t("Where each column of an evaluation comes from. Several columns are joined by a space (an id, by a dash).")
    )
    columns: dict[str, ColumnSource] = {}
    values: dict[str, dict[str, str]] = {}
    names = list(dict.fromkeys(seen.header))
    for place, column in enumerate(catalog.fields.values()):
        if place % 3 == 0:
            places = st.columns(3, gap="medium")
        with places[place % 3]:
            source = _column(column, base.columns.get(column.name), names, stamp)
        if source is not None:
            columns[column.name] = source
    for canonical in ("state", "sentiment"):
        known = dict(base.values.get(canonical, {}))
        asked = column_guess.unknown_values(seen, columns.get(canonical), canonical)
        if asked:
            values[canonical] = {**known, **_values(canonical, asked, known, stamp)}
        elif known:
            values[canonical] = known
    others = {name: dict(pairs) for name, pairs in base.values.items() if name not in values}
    formats = options.date_formats or base.file.date_formats
    return Mapping(replace(options, date_formats=formats), columns, {**others, **values})


def _column(field: Field, base: ColumnSource | None, names: list[str], stamp: str) -> ColumnSource | None:
    canonical = field.name
    if base is not None and base.value is not None:
        value = inputs.text_input(
            t("{column} (the same in every row)", column=canonical),
            base.value,
            key=f"value-{canonical}-{stamp}",
        )
        return ColumnSource(value=value) if value else None
    options = [ROW_NUMBER, *names] if canonical == "id" else names
    default = (
        [ROW_NUMBER]
        if base is not None and base.row
        else [name for name in (base.columns if base else ()) if name in names]
    )
    label = f"{canonical} *" if field.required else canonical
    chosen = inputs.multiselect(
        label,
        options,
        default,
        format_func=lambda name: t(ROW_NUMBER) if name == ROW_NUMBER else name,
        key=f"column-{canonical}-{stamp}",
        help=t(field.help),
        placeholder=t(NOTHING),
    )
    if not chosen:
        return None
    if ROW_NUMBER in chosen:
        return ColumnSource(row=True)
    scale = base.scale if base else None
    if field.kind in (FieldType.SCORE, FieldType.SECONDS):
        typed = st.number_input(
            t("{column}: multiply by", column=canonical),
            value=float(scale or 1),
            min_value=0.0,
            format="%g",
            key=f"scale-{canonical}-{stamp}",
        )
        scale = None if typed == 1 else Decimal(repr(typed))
    join = base.join if base is not None and len(base.columns) > 1 else "-" if canonical == "id" else " "
    return ColumnSource(tuple(chosen), join if len(chosen) > 1 else "", scale, base.offset if base else None)


def _values(canonical: str, asked: list[str], known: dict[str, str], stamp: str) -> dict[str, str]:
    st.subheader(t("Values of {column}", column=canonical), anchor=False)
    members = [member.name for member in (State if canonical == "state" else Sentiment)]
    folded = {source.casefold(): target for source, target in known.items()}
    found: dict[str, str] = {}
    places = st.columns(4)
    for place, value in enumerate(asked):
        guessed = folded.get(value.casefold()) or next(
            (name for name in members if name.casefold() in value.casefold()), ""
        )
        choice = inputs.selectbox(
            markdown.text(value),
            ["", *members],
            ["", *members].index(guessed),
            place=places[place % 4],
            format_func=lambda each: t_in_context("evaluation", each) if each else t(NOTHING),
            key=f"{canonical}-{value}-{stamp}",
        )
        found[value] = choice
    return found
