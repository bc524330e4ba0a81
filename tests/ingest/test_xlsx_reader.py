"""Workbooks as spreadsheets and other programs write them: openpyxl and hand-written XML in, texts with kinds out."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook

from lib.errors import FileError, MappingError
from lib.ingest.cells import CellKind
from lib.ingest.mapping import FileOptions
from lib.ingest.reader import BATCH_ROWS, FileReader
from lib.ingest.xlsx_reader import SheetInfo, open_workbook, sheets
from lib.ingest.xlsx_values import number_text

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STRICT_MAIN, STRICT_OFFICE = (
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
TITLES = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row>'

TEXT, NUMBER, PERCENT, MOMENT, ERROR, FORMULA, _ = CellKind


def parts_of(
    data: str, *, styles: str = "", strings: str = "", book: str = "", main: str = MAIN, office: str = OFFICE
) -> dict[str, str]:
    """Return the parts of a workbook of one sheet, by the XML that is within each part's root."""
    relation = f'<Relationship Id="%s" Type="{office}/%s" Target="%s"/>'
    links = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "styles", "styles.xml")]
    links.append(("r3", "sharedStrings", "sharedStrings.xml"))
    listed = "".join(relation % link for link in links)
    book = book or '<sheets><sheet name="Calls" sheetId="1" r:id="r1"/></sheets>'
    return {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">{relation % ("r", "officeDocument", "xl/workbook.xml")}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">{book}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{listed}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
    }


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def opened(content: bytes, folder: Path, **options: Any) -> FileReader:
    path = folder / "calls.xlsx"
    path.write_bytes(content)
    return open_workbook(path, "calls.xlsx", FileOptions(**options), lambda _: None)


Rows = dict[int, tuple[Any, ...]]


def rows_of(reader: FileReader, *, kinds: bool = False) -> Rows:
    """Return each row's texts by its number, with the kinds of those that are there where asked for; blank: no texts."""
    found: Rows = {}
    for batch, odd in reader.batches:
        assert all(row.problem is None and row.number not in found for row in odd)
        found |= {row.number: () for row in odd}
        told = batch.kinds or (None,) * len(batch.columns)
        for place, number in enumerate(batch.numbers.tolist()):
            texts = [column[place].as_py() for column in batch.columns]
            of_row = [CellKind.TEXT if each is None else CellKind(each[place]) for each in told]
            pairs = [(text, kind) if text is not None else None for text, kind in zip(texts, of_row, strict=True)]
            assert number not in found
            found[number] = tuple(pairs) if kinds else tuple(texts)
    return found


def cell_of(cell: str, folder: Path, **parts: str) -> tuple[str, CellKind] | None:
    """Return what one cell is read as, of the XML `cell`, which begins with its attributes."""
    row = f'{TITLES}<row r="2"><c r="A2"><v>1</v></c><c r="B2" {cell}</c></row>'
    (found,) = rows_of(opened(zipped(parts_of(row, **parts)), folder), kinds=True).values()
    result: tuple[str, CellKind] | None = found[1]
    return result


def formatted(value: float | str, code: str, folder: Path, book: str = "") -> tuple[str, CellKind] | None:
    """Return what a number in a cell of a format is read as."""
    escaped = code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    styles = f'<numFmts><numFmt numFmtId="170" formatCode="{escaped}"/></numFmts>'
    styles += '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
    styles += '<dxfs><dxf><numFmt numFmtId="170" formatCode="0%"/></dxf></dxfs>'
    return cell_of(f's="1"><v>{value}</v>', folder, styles=styles, book=book)


# What a number is shown as.

SERIAL = 45322.385416666664  # 2024-01-31 09:15
FORMATS: dict[str, tuple[float, str, str, CellKind]] = {
    "date": (45322, "dd/mm/yyyy", "2024-01-31", MOMENT),
    "date with a hidden time": (SERIAL, "dd/mm/yyyy", "2024-01-31 09:15:00", MOMENT),
    "date and time": (SERIAL, "yyyy-mm-dd hh:mm", "2024-01-31 09:15:00", MOMENT),
    "fractions of a second": (45322.38541810185, "yyyy-mm-dd hh:mm:ss.000", "2024-01-31 09:15:00.124", MOMENT),
    "a second that floats miss": (45322.385428240741, "d/m/yy h:mm", "2024-01-31 09:15:01", MOMENT),
    "half days": (SERIAL, "m/d/yyyy h:mm AM/PM", "2024-01-31 09:15:00", MOMENT),
    "months alone": (45322, "mmm", "2024-01-31", MOMENT),
    "months in letters": (45322, "mmmm yyyy", "2024-01-31", MOMENT),
    "a month that is no minute": (45322, 'd" de "mm', "2024-01-31", MOMENT),
    "a language and its words": (SERIAL, r'[$-40A]dddd, d "de" mmmm "de" yyyy\ h:mm', "2024-01-31 09:15:00", MOMENT),
    "the system's long date": (45322, r"[$-F800]dddd\,\ mmmm\ dd\,\ yyyy", "2024-01-31", MOMENT),
    "colors": (45322, "[Red]dd-mm-yy;@", "2024-01-31", MOMENT),
    "an era": (45322, "[$-411]ge.m.d", "2024-01-31", MOMENT),
    "Chinese": (45322, 'yyyy"年"m"月"d"日"', "2024-01-31", MOMENT),
    "before the leap day that never was": (59, "yyyy-mm-dd", "1900-02-28", MOMENT),
    "the leap day that never was": (60, "yyyy-mm-dd", "1900-02-29", MOMENT),
    "after the leap day that never was": (61, "yyyy-mm-dd", "1900-03-01", MOMENT),
    "the last day": (2958465, "yyyy-mm-dd", "9999-12-31", MOMENT),
    "a day after the last": (2958466, "yyyy-mm-dd", "2958466", NUMBER),
    "a day before the first": (-1, "yyyy-mm-dd", "-1", NUMBER),
    "time of day": (0.385416666666667, "h:mm", "09:15:00", TEXT),
    "half a day": (0.885416666666667, "h:mm AM/PM", "21:15:00", TEXT),
    "36 hours that look like 12": (1.5, "h:mm", "36:00:00", TEXT),
    "36 hours": (1.5, "[h]:mm", "36:00:00", TEXT),
    "hours in large letters": (1.5, "[HH]:MM:SS", "36:00:00", TEXT),
    "minutes": (0.00361111111111111, "[mm]:ss", "00:05:12", TEXT),
    "seconds": (0.00361111111111111, "[ss]", "00:05:12", TEXT),
    "minutes of an hour": (0.00361111111111111, "mm:ss", "00:05:12", TEXT),
    "tenths": (0.003622685185185, "mm:ss.0", "00:05:13", TEXT),
    "a length with a fraction": (0.00361688657407407, "[h]:mm:ss.00", "00:05:12.499", TEXT),
    "no length": (0, "h:mm:ss", "00:00:00", TEXT),
    "a negative length": (-0.00361111111111111, "[h]:mm:ss", "-00:05:12", TEXT),
    "lengths with words": (1.5, '[h]" h "mm" min"', "36:00:00", TEXT),
    "an instant whose day is hidden": (SERIAL, "h:mm", "2024-01-31 09:15:00", MOMENT),
    "a length in a format of dates": (0.00361111111111111, "dd/mm/yyyy hh:mm:ss", "00:05:12", TEXT),
    "36 hours in a format of dates": (1.5, "dd/mm/yyyy hh:mm:ss", "36:00:00", TEXT),
    "percent": (0.85, "0%", "85%", PERCENT),
    "percent with decimals": (0.8543, "0.0%", "85.43%", PERCENT),
    "percent that floats miss": (0.57, "0.00%", "57%", PERCENT),
    "percent with a color": (0.85, "[Green]0%;[Red]-0%", "85%", PERCENT),
    "a negative percent": (-0.05, "0%;[Red]-0%", "-5%", PERCENT),
    "percent of a thousand": (12.5, "#,##0%", "1250%", PERCENT),
    "a percent sign in quotes": (85, '0"%"', "85", NUMBER),
    "a percent sign that is escaped": (85, r"0\%", "85", NUMBER),
    "percent below a bound": (0.85, "[<=1]0%;0.0", "85%", PERCENT),
    "number above a bound": (8.5, "[<=1]0%;0.0", "8.5", NUMBER),
    "zero in words": (0, '0%;-0%;"none"', "0%", PERCENT),
    "general": (8.5, "General", "8.5", NUMBER),
    "general with words": (8.5, 'General" points"', "8.5", NUMBER),
    "text": (42, "@", "42", NUMBER),
    "thousands": (1234567.5, "#,##0.00", "1234567.5", NUMBER),
    "money": (1234.5, '_-"$"* #,##0.00_-;-"$"* #,##0.00_-', "1234.5", NUMBER),
    "letters without quotes": (42, "0 pts", "42", NUMBER),
    "exponents": (123456, "0.00E+00", "123456", NUMBER),
    "zeros": (7, "00000", "00007", NUMBER),
    "zeros of a long id": (1234, "000000000000", "000000001234", NUMBER),
    "zeros in groups": (1234567, r"000\-0000\-000", "000-1234-567", TEXT),
    "an id in two parts": (5, "000-000", "000-005", TEXT),
    "an id that is too long for its parts": (1234567, "000-000", "1234-567", TEXT),
    "a telephone": (5551234567, "(000) 000-0000", "(555) 123-4567", TEXT),
    "an id with letters before it": (7, '"T-"00000', "T-00007", TEXT),
    "thousands of zeros": (7, "0,000", "0007", NUMBER),
    "a unit behind zeros": (7, '00" pts"', "07", NUMBER),
    "a fraction in a format of parts": (5.5, "000-000", "5.5", NUMBER),
    "zeros of a negative number": (-7, "000", "-007", NUMBER),
    "zeros that are too few": (123456, "00000", "123456", NUMBER),
    "decimals": (7, "00.00", "7", NUMBER),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format(name: str, tmp_path: Path) -> None:
    value, code, text, kind = FORMATS[name]
    assert formatted(value, code, tmp_path) == (text, kind)


BUILT_IN = {
    9: ("85%", PERCENT), 10: ("85%", PERCENT), 14: ("20:24:00", TEXT), 18: ("20:24:00", TEXT), 20: ("20:24:00", TEXT),
    22: ("20:24:00", TEXT), 45: ("20:24:00", TEXT), 46: ("20:24:00", TEXT), 47: ("20:24:00", TEXT), 49: ("0.85", NUMBER),
    0: ("0.85", NUMBER), 2: ("0.85", NUMBER), 11: ("0.85", NUMBER), 12: ("0.85", NUMBER), 44: ("0.85", NUMBER),
    99: ("0.85", NUMBER),
}  # fmt: skip


@pytest.mark.parametrize("number", BUILT_IN)
def test_a_format_that_is_in_no_file(number: int, tmp_path: Path) -> None:
    styles = f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{number}"/></cellXfs>'
    assert cell_of('s="1"><v>0.85</v>', tmp_path, styles=styles) == BUILT_IN[number]


@pytest.mark.parametrize("number", [14, 15, 16, 17, 22, 27, 36, 57])
def test_a_date_of_a_format_that_is_in_no_file(number: int, tmp_path: Path) -> None:
    styles = f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{number}"/></cellXfs>'
    assert cell_of(f's="1"><v>{SERIAL}</v>', tmp_path, styles=styles) == ("2024-01-31 09:15:00", MOMENT)


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("312", "312"),
        ("312.0", "312"),
        ("0", "0"),
        ("-0", "0"),
        ("312.00000000004", "312"),
        ("312.0000000000008", "312"),
        ("8.600000000000001", "8.6"),
        ("7.25", "7.25"),
        ("0.1", "0.1"),
        ("1234567890123450", "1234567890123450"),
        ("1.23456789012345E+15", "1234567890123450"),
        ("123456789012345678", "123456789012346000"),
        ("1E5", "100000"),
        ("1e-7", "0.0000001"),
        ("1e+300", "1E+300"),
        ("0.333333333333333", "0.333333333333333"),
        ("1706692500.123", "1706692500.123"),
        (" 5\n", "5"),
        ("five", "five"),
    ],
)
def test_a_number(stored: str, text: str, tmp_path: Path) -> None:
    assert cell_of(f"><v>{stored}</v>", tmp_path) == (text, NUMBER)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers_of_15_digits_are_exact(number: int) -> None:
    assert number_text(float(number)) == str(number)


@given(st.integers(-(10**8), 10**8))
def test_decimals_are_as_they_were_typed(hundredths: int) -> None:
    assert float(number_text(hundredths / 100)) == hundredths / 100


def test_dates_of_1904(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    day, moment = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 9, 15, 1)
    for row in (["id", "x", "y"], ["a", day, moment], ["b", dt.timedelta(hours=36), dt.time(9, 15)]):
        book.active.append(row)
    assert rows_of(opened(saved(book), tmp_path)) == {
        2: ("a", "2024-01-31", "2024-01-31 09:15:01"),
        3: ("b", "36:00:00", "09:15:00"),
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2099, 12, 31)).map(
            lambda each: each.replace(microsecond=each.microsecond // 1000 * 1000)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_dates_are_those_that_openpyxl_wrote(
    tmp_path_factory: pytest.TempPathFactory, moments: Sequence[dt.datetime]
) -> None:
    book = Workbook()
    book.active.append(["id", "x"])
    for moment in moments:
        book.active.append(["a", moment])
    read = rows_of(opened(saved(book), tmp_path_factory.mktemp("dates")), kinds=True)
    assert [cells[1][1] for cells in read.values()] == [MOMENT] * len(moments)
    assert [dt.datetime.fromisoformat(cells[1][0]) for cells in read.values()] == moments


# What else a cell holds.

CELLS: dict[str, tuple[str, tuple[str, CellKind] | None]] = {
    "true": ('t="b"><v>1</v>', ("true", TEXT)),
    "false": ('t="b"><v>0</v>', ("false", TEXT)),
    "an error": ('t="e"><v>#DIV/0!</v>', ("#DIV/0!", ERROR)),
    "an error of a formula": ('t="e"><f>1/0</f><v>#N/A</v>', ("#N/A", ERROR)),
    "the text of a formula": ('t="str"><f>A1&amp;"x"</f><v>ax</v>', ("ax", TEXT)),
    "a formula that gives nothing": ('t="str"><f>IF(1,"")</f><v></v>', None),
    "the number of a formula": ("><f>4*2</f><v>8</v>", ("8", NUMBER)),
    "a value before its formula": ("><v>8</v><f>4*2</f>", ("=4*2", FORMULA)),
    "a formula without a value": ("><f>A2*2</f>", ("=A2*2", FORMULA)),
    "a formula with an empty value": ("><f>A2*2</f><v/>", ("=A2*2", FORMULA)),
    "a text formula without a value": ('t="str"><f>A2</f>', ("=A2", FORMULA)),
    "a shared formula without a value": ('><f t="shared" si="0"/>', ("=", FORMULA)),
    "a shared formula": ('><f t="shared" si="0"/><v>8</v>', ("8", NUMBER)),
    "an inline text": ('t="inlineStr"><is><t xml:space="preserve"> a &lt;b&gt; </t></is>', (" a <b> ", TEXT)),
    "an inline text in two fonts": (
        't="inlineStr"><is>\n<r><t>Ana</t></r>\n<r><rPr><b/></rPr><t xml:space="preserve"> Ruiz</t></r></is>',
        ("Ana Ruiz", TEXT),
    ),
    "an inline text with its reading": ('t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is>', ("東京", TEXT)),
    "a character that XML can't hold": ('t="inlineStr"><is><t>a_x000D_b_x005F_x0041_</t></is>', ("a\rb_x0041_", TEXT)),
    "two halves of a character": ('t="inlineStr"><is><t>_xD83D__xDE00_</t></is>', ("😀", TEXT)),
    "half a character": ('t="inlineStr"><is><t>_xD83D_</t></is>', ("\ufffd", TEXT)),
    "a day as ISO 8601": ('t="d"><v>2024-01-31T00:00:00</v>', ("2024-01-31", MOMENT)),
    "an instant as ISO 8601": ('t="d"><v>2024-01-31T09:15:00Z</v>', ("2024-01-31 09:15:00+00:00", MOMENT)),
    "a time as ISO 8601": ('t="d"><v>09:15:00</v>', ("09:15:00", TEXT)),
    "no date": ('t="d"><v>never</v>', ("never", TEXT)),
    "a comment within": ("><v>8<!-- ! -->.5</v>", ("8.5", NUMBER)),
    "CDATA": ('t="str"><v><![CDATA[a<b]]></v>', ("a<b", TEXT)),
    "nothing": ('s="0">', None),
    "an empty value": ("><v/>", None),
    "an empty text": ('t="inlineStr"><is><t></t></is>', None),
    "what a later program adds": ('><v>8</v><extLst><ext uri="x"><v>9</v></ext></extLst>', ("8", NUMBER)),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_cell(name: str, tmp_path: Path) -> None:
    cell, read = CELLS[name]
    assert cell_of(cell, tmp_path) == read


STRINGS = (
    "<si><t>plain</t></si>"
    '<si>\n <r><rPr><b/></rPr><t>Ana</t></r>\n <r><t xml:space="preserve"> Ruiz</t></r>\n</si>'
    '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>'
    "<si><t>a_x000D_\nb</t></si><si/>"
)


@pytest.mark.parametrize("read", list(enumerate(["plain", "Ana Ruiz", "東京", "a\r\nb", None])))
def test_a_shared_string(read: tuple[int, str | None], tmp_path: Path) -> None:
    place, text = read
    found = cell_of(f't="s"><v>{place}</v>', tmp_path, strings=STRINGS)
    assert found == (None if text is None else (text, TEXT))


def test_a_zero_that_nobody_calculated(tmp_path: Path) -> None:
    """Programs that write formulas without calculating them store 0, and ask for a calculation when one opens it."""
    sheets_of_book = '<sheets><sheet name="Calls" sheetId="1" r:id="r1"/></sheets>'
    asked = f'{sheets_of_book}<calcPr calcId="124519" fullCalcOnLoad="1"/>'
    assert cell_of("><f>A2*2</f><v>0</v>", tmp_path, book=asked) == ("=A2*2", FORMULA)
    assert cell_of("><f>A2*2</f><v>2</v>", tmp_path, book=asked) == ("2", NUMBER)
    assert cell_of("><v>0</v>", tmp_path, book=asked) == ("0", NUMBER)
    assert cell_of("><f>A2*2</f><v>0</v>", tmp_path, book=f'{sheets_of_book}<calcPr calcId="1"/>') == ("0", NUMBER)


# Rows and columns.


def test_rows_and_cells_that_say_no_place(tmp_path: Path) -> None:
    data = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c r='B2'><v>3</v></c></row><row><c r='A7'><v>4</v></c></row>"
    assert rows_of(opened(zipped(parts_of(data)), tmp_path)) == {
        2: (None, "3"), 3: (), 4: (), 5: (), 6: (), 7: ("4", None),
    }  # fmt: skip


def test_rows_and_cells_in_any_order(tmp_path: Path) -> None:
    data = TITLES + (
        '<row r="5"><c r="B5"><v>52</v></c><c r="A5"><v>51</v></c></row><row r="3"><c r="A3"><v>31</v></c></row>'
        '<row r="9"/>'
    )
    assert rows_of(opened(zipped(parts_of(data)), tmp_path)) == {
        2: (), 3: ("31", None), 4: (), 5: ("51", "52"),
    }  # fmt: skip


def test_blank_rows_keep_their_numbers(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "x"], ["a", 1], [], [None, " "], ["b", 2], []):
        book.active.append(row)
    book.active.cell(12, 1).number_format = "0%"
    assert rows_of(opened(saved(book), tmp_path)) == {2: ("a", "1"), 3: (), 4: (None, " "), 5: ("b", "2")}


def test_the_header_is_in_the_sheets_own_row(tmp_path: Path) -> None:
    data = (
        '<row r="2"><c r="A2"><v>0</v></c></row>'
        + TITLES.replace('1"', '6"')
        + '<row r="8"><c r="A8"><v>1</v></c></row>'
    )
    reader = opened(zipped(parts_of(data)), tmp_path, header_row=6)
    assert (reader.header, rows_of(reader)) == (("id", "x"), {7: (), 8: ("1", None)})


def test_columns_without_a_name_stay(tmp_path: Path) -> None:
    book = Workbook()
    for row in ([None, "id", None, "x"], [None, "a", "?", 1], ["!", "b"]):
        book.active.append(row)
    reader = opened(saved(book), tmp_path)
    assert reader.header == ("", "id", "", "x")
    assert rows_of(reader) == {2: (None, "a", "?", "1"), 3: ("!", "b", None, None)}


def test_what_lies_beyond_the_header_is_a_bad_row(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "x"], ["a", 1, " "], ["b", 2, None, "what is this?"], ["c", 3]):
        book.active.append(row)
    ((batch, (surplus,)),) = list(opened(saved(book), tmp_path).batches)
    assert batch.numbers.tolist() == [2, 4]
    assert (surplus.number, surplus.cells) == (3, ("b", "2", "what is this?"))
    assert (surplus.problem.column, surplus.problem.value) == ("D", "what is this?")
    assert "a name above it in row 1" in str(surplus.problem.right)


def test_nothing_is_kept_of_what_lies_between_cells(tmp_path: Path) -> None:
    data = TITLES + '<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576" t="s"><v>0</v></c></row>'
    reader = opened(zipped(parts_of(data, strings="<si><t> </t></si>")), tmp_path)
    blank = 0
    for batch, odd in reader.batches:
        assert len(batch.numbers) <= 1 and len(odd) <= BATCH_ROWS
        blank += len(odd)
    assert blank == 1_048_574


def test_merged_cells_hold_their_value_once(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "x"], ["a", 1], ["b", None]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    assert rows_of(opened(saved(book), tmp_path)) == {2: ("a", "1"), 3: ("b", None)}


def test_rows_beyond_a_batch_are_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["id", "x"])
    for number in range(70_000):
        sheet.append([f"call-{number}", number / 4])
    told: list[int] = []
    path = tmp_path / "calls.xlsx"
    path.write_bytes(saved(book))
    reader = open_workbook(path, "calls.xlsx", FileOptions(), told.append)
    read = rows_of(reader)
    assert read == {number + 2: (f"call-{number}", f"{number / 4:.15g}") for number in range(70_000)}
    assert sum(told) == path.stat().st_size and min(told) >= 0


# Sheets.


def book_of_sheets() -> bytes:
    book = Workbook()
    book.active.title = "_cache"
    book.active.sheet_state = "hidden"
    chart = book.create_chartsheet("Trend")
    chart.add_chart(BarChart())
    for name, state in (("Deep", "veryHidden"), ("Calls", "visible"), ("More", "visible")):
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
    for sheet in book.worksheets:
        sheet.append(["id", "x", f"only {sheet.title}"])
        sheet.append([sheet.title, 1])
    book.active = 3
    return saved(book)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, "Calls"),
        ("More", "More"),
        ("_cache", "_cache"),
        (1, "_cache"),
        (3, "Deep"),
        (5, "More"),
        ("more ", "More"),
    ],
)
def test_a_sheet_is_chosen(wanted: str | int | None, found: str, tmp_path: Path) -> None:
    assert rows_of(opened(book_of_sheets(), tmp_path, sheet=wanted))[2][0] == found


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("Cals", "did you mean 'Calls'"),
        (9, "has 5"),
        (2, "is a chart"),
        ("Trend", "other sheets: _cache, Deep, Calls, More"),
    ],
)
def test_a_sheet_that_is_none(wanted: str | int, told: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=told):
        opened(book_of_sheets(), tmp_path, sheet=wanted)


def test_the_sheets_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    path.write_bytes(book_of_sheets())
    assert sheets(path, "calls.xlsx") == (
        SheetInfo("_cache", True),
        SheetInfo("Deep", True),
        SheetInfo("Calls", False),
        SheetInfo("More", False),
    )


def test_the_other_sheets_that_have_a_column(tmp_path: Path) -> None:
    reader = opened(book_of_sheets(), tmp_path)
    assert reader.elsewhere("ID") == ("_cache", "Deep", "More")
    assert reader.elsewhere("only_more") == ("More",)
    assert reader.elsewhere("only calls") == ()


def test_a_column_is_found_below_a_title(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Quality report"])
    sheet = book.create_sheet("Data")
    for row in ([], ["January"], ["id", "Audio Date"]):
        sheet.append(row)
    assert opened(saved(book), tmp_path).elsewhere("audioDate") == ("Data",)


# Parts.


def test_the_strict_edition_of_the_format(tmp_path: Path) -> None:
    parts = parts_of(
        f'{TITLES}<row r="2"><c r="A2" t="s"><v>0</v></c></row>',
        strings=STRINGS,
        main=STRICT_MAIN,
        office=STRICT_OFFICE,
    )
    assert rows_of(opened(zipped(parts), tmp_path)) == {2: ("plain", None)}


def test_names_of_elements_with_a_prefix(tmp_path: Path) -> None:
    parts = parts_of("")
    parts["xl/worksheets/sheet1.xml"] = (
        f'<?xml version="1.0" encoding="UTF-16"?><x:worksheet xmlns:x="{MAIN}" xmlns:y="urn:y"><x:sheetData><x:row r="1">'
        '<x:c r="A1" t="inlineStr"><x:is><x:t>id</x:t></x:is></x:c></x:row><x:row r="2"><y:c r="A2"><y:v>no</y:v></y:c>'
        '<x:c r="A2"><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    ).encode("utf-16")  # type: ignore[assignment]  # zipfile takes bytes too
    assert rows_of(opened(zipped(parts), tmp_path)) == {2: ("5",)}


def test_parts_of_other_names(tmp_path: Path) -> None:
    parts = parts_of(f'{TITLES}<row r="2"><c r="A2" t="s"><v>0</v></c></row>', strings=STRINGS)
    parts = {
        "_rels/.rels": parts["_rels/.rels"].replace("xl/workbook.xml", "/Book/The%20book.xml"),
        "book\\the book.xml": parts["xl/workbook.xml"],
        "book/_rels/the book.xml.rels": parts["xl/_rels/workbook.xml.rels"]
        .replace("worksheets/sheet1.xml", "../Data/a.xml")
        .replace("sharedStrings.xml", "/book/words.xml"),
        "DATA/A.XML": parts["xl/worksheets/sheet1.xml"],
        "book/words.xml": parts["xl/sharedStrings.xml"],
    }
    assert rows_of(opened(zipped(parts), tmp_path)) == {2: ("plain", None)}


def test_what_stands_below_the_rows_is_no_cell(tmp_path: Path) -> None:
    parts = parts_of("")
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{MAIN}">\n<sheetData>\n{TITLES}\n<row r="2">\n<c r="A2" t="str">\n<v>a</v>\n</c>\n</row>\n'
        "</sheetData>\n<headerFooter><oddHeader>Secret</oddHeader></headerFooter></worksheet>"
    )
    assert rows_of(opened(zipped(parts), tmp_path))[2][0].strip() == "a"


def test_folders_and_parts_without_a_name_are_passed_over(tmp_path: Path) -> None:
    parts = {"xl/": "", "": "", **parts_of(f'{TITLES}<row r="2"><c r="A2"><v>5</v></c></row>')}
    assert rows_of(opened(zipped(parts), tmp_path)) == {2: ("5", None)}


def broken_books() -> dict[str, tuple[dict[str, str], str]]:
    whole = parts_of(TITLES)
    sheet = "xl/worksheets/sheet1.xml"

    def with_data(data: str) -> dict[str, str]:
        return parts_of(TITLES + data)

    def without(part: str) -> dict[str, str]:
        return {name: content for name, content in whole.items() if name != part}

    return {
        "no workbook": (without("xl/workbook.xml"), "lacks the part 'xl/workbook.xml'"),
        "no sheet": (without(sheet), "lacks the part 'xl/worksheets/sheet1.xml'"),
        "two parts of one name": ({**whole, sheet.upper(): whole[sheet]}, "holds the part '.*' twice"),
        "cut XML": ({**whole, sheet: whole[sheet][:-20]}, "not an XLSX file that can be read"),
        "an encoding that is none": ({**whole, sheet: '<?xml version="1.0" encoding="x-none"?><worksheet/>'}, "not an XLSX"),
        "a document type": ({**whole, sheet: f"<!DOCTYPE x [<!ENTITY a 'b'>]>{whole[sheet]}"}, "declares a document type"),
        "a shared string that is not there": (with_data('<row r="2"><c r="A2" t="s"><v>7</v></c></row>'), "row 2 of the sheet 'Calls' is damaged: '7'"),
        "a shared string before the first": (with_data('<row r="2"><c r="A2" t="s"><v>-1</v></c></row>'), "row 2 .* damaged: '-1'"),
        "a column that is none": (with_data('<row r="2"><c r="ZZZZ2"><v>7</v></c></row>'), "damaged: 'ZZZZ2'"),
        "a column beyond the last": (with_data('<row r="2"><c r="XFE2"><v>7</v></c></row>'), "damaged: 'XFE2'"),
        "a row beyond the last": (with_data('<row r="1048577"><c r="A1"><v>7</v></c></row>'), "damaged: '1048577'"),
        "a row that is none": (with_data('<row r="0"><c r="A0"><v>7</v></c></row>'), "damaged: '0'"),
        "a cell outside of all rows": (parts_of('<c r="A1"><v>7</v></c>'), "damaged: 'A1'"),
        "a style that is none": (with_data('<row r="2"><c r="A2" s="x"><v>7</v></c></row>'), "row 2 .* damaged"),
        "a cell of a megabyte": (with_data(f'<row r="2"><c r="A2" t="str"><v>{"x" * 2**20}y</v></c></row>'), "more than 1048576 characters"),
        "a string of a megabyte": (parts_of(TITLES, strings=f"<si><t>{'x' * 2**20}y</t></si>"), "more than 1048576 characters"),
    }  # fmt: skip


@pytest.mark.parametrize("name", broken_books())
def test_a_broken_workbook(name: str, tmp_path: Path) -> None:
    parts, told = broken_books()[name]
    with pytest.raises(FileError, match=told):
        rows_of(opened(zipped(parts), tmp_path))


def test_a_part_that_is_encrypted(tmp_path: Path) -> None:
    content = bytearray(zipped(parts_of(TITLES)))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    with pytest.raises(FileError, match="encrypted"):
        opened(bytes(content), tmp_path)


def test_a_part_whose_bytes_changed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts_of(f'{TITLES}<row r="2"><c r="A2"><v>12345</v></c></row>').items():
            archive.writestr(name, part)
    with pytest.raises(FileError, match="CRC"):
        rows_of(opened(out.getvalue().replace(b"12345", b"12346"), tmp_path))
