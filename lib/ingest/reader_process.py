"""The child process that reads and checks an import's files: its memory, time and crashes are its own.

Run as `python -m lib.ingest.reader_process`, it takes an order from standard input, sends the good rows as an Arrow
stream and its events, a JSON object a line, to standard error, and leaves the bad rows in a CSV. `file_reading.py`
starts it.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from lib.analytics.timezones import Zones
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField, OwnFieldType, catalog_with
from lib.errors import CallboardError, FieldError, FileError, StorageError, nearest
from lib.errors.codes import CodedText, FailureCode
from lib.errors.field_codes import FieldCode
from lib.formats import child_process
from lib.ingest.answer_converter import ANSWER_COLUMNS, AnswerConverter, resolve_answers
from lib.ingest.answer_rows import ANSWER_ROW, RESULTS
from lib.ingest.bad_rows_file import MAX_BAD, BadRowsFile, too_many_bad_rows
from lib.ingest.converter import Batch, ConvertedBatch, Converter, RowProblem, staged_schema
from lib.ingest.import_warnings import RowWarnings, merge_files, unmet_parts
from lib.ingest.mapping import Mapping, counted_from_1904, folded, shortened
from lib.ingest.mapping_toml import read_mapping
from lib.ingest.new_fields import unknown_fields
from lib.ingest.open_reader import open_source
from lib.ingest.reader import FileReader, MalformedRow
from lib.ingest.survey_taker import take_survey

MAX_PROBLEMS = 1_000
"""How many problems are listed one by one; the file of bad rows holds them all."""

_OBJECTS_BEFORE_COLLECTING = 100_000
"""Rows of JSON are many objects and no cycles, which Python would look for again and again."""


def main() -> None:
    """Be the child: take the order from standard input, send rows to standard output, events to standard error."""
    rows_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the rows
    child_process.end_with_parent()
    child_process.block_pandas()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    order = json.loads(sys.stdin.buffer.read())
    names = ", ".join(file["name"] for file in order["files"])
    child_process.limit(order["memory_mb"], order["seconds"])
    try:
        {"read": _read, "answers": _read_answers, "survey": _survey}[order["task"]](order, rows_out)
    except CallboardError as error:
        _tell_error(error)
    except MemoryError:
        _tell_error(FileError(FailureCode.READING_OUT_OF_MEMORY, names=names, megabytes=order["memory_mb"]))
    except BrokenPipeError:
        pass  # the parent has given up
    except OSError as error:
        _tell_error(StorageError(FailureCode.READING_STOPPED, error=error.strerror or str(error)))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        _tell_error(FileError(FailureCode.READING_UNEXPECTED, names=names, kind=type(error).__name__))
    sys.stdout.flush()
    os._exit(0)  # no more than what was said; a parser's threads and destructors are not waited for


@dataclass(frozen=True, slots=True)
class _FilePart:
    """A file of an order: its rows as they come, what converts them, and what looks at what becomes of them."""

    source: FileReader
    converter: Converter | AnswerConverter
    warnings: RowWarnings


class _BytesRead:
    """Counts how much of the files of an order has been read."""

    def __init__(self, order: dict[str, Any]) -> None:
        paths = [Path(file["path"]) for file in order["files"]]
        self._total = sum(path.stat().st_size for path in paths if path.exists()) or 1
        self._done = 0

    def advance(self, count: int) -> None:
        self._done += count

    @property
    def share(self) -> float:
        return min(1.0, self._done / self._total)


def _read(order: dict[str, Any], rows_out: IO[bytes]) -> None:
    catalog = _catalog(order)
    mapping = _mapping(order, catalog)
    workspace_zone = ZoneInfo(order["zone"])
    zones = Zones(ZoneInfo(mapping.file.timezone) if mapping.file.timezone else workspace_zone, workspace_zone)
    bytes_read = _BytesRead(order)
    sources = _opened(order, mapping, bytes_read, _named(mapping, catalog))
    resolved = [
        mapping.resolve(catalog, source.header, source.name, source.first_values, source.elsewhere)
        for source in sources
    ]
    for source in sources:
        for name in unknown_fields(source.header, mapping, catalog):
            raise FieldError(FieldCode.FIELD_UNKNOWN, name=name, hint=nearest(name, catalog.own_fields_by_name))
    parts = []
    for source, rules in zip(sources, resolved, strict=True):
        if source.is_1904:
            rules = counted_from_1904(rules)
        converter = Converter(rules, source.header, zones, catalog)
        parts.append(_FilePart(source, converter, RowWarnings(source.name, source.header, rules)))
    _send(order, parts, staged_schema(catalog), bytes_read, rows_out)


def _read_answers(order: dict[str, Any], rows_out: IO[bytes]) -> None:
    catalog = _catalog(order)
    options = _mapping(order, catalog).file
    bytes_read = _BytesRead(order)
    parts = []
    for source in _opened(order, Mapping(options), bytes_read, frozenset(map(folded, ANSWER_COLUMNS))):
        rules = resolve_answers(options, source.header, source.name)
        converter = AnswerConverter(rules, source.header, catalog)
        parts.append(_FilePart(source, converter, RowWarnings(source.name, source.header, rules)))
    _send(order, parts, ANSWER_ROW, bytes_read, rows_out)


def _mapping(order: dict[str, Any], catalog: Catalog) -> Mapping:
    return Mapping() if order["mapping"] is None else read_mapping(order["mapping"], catalog)


def _opened(order: dict[str, Any], mapping: Mapping, bytes_read: _BytesRead, named: frozenset[str]) -> list[FileReader]:
    """Open the files of an order, each read as far as its first batch."""
    paths = [(Path(file["path"]), file["name"]) for file in order["files"]]
    sources = [open_source(path, name, mapping.file, bytes_read.advance, named) for path, name in paths]
    return [_peeked(source) for source in sources]


def _send(
    order: dict[str, Any], parts: list[_FilePart], schema: pa.Schema, bytes_read: _BytesRead, rows_out: IO[bytes]
) -> None:
    """Send the good rows of all files, tell of the bad ones, and leave these in their file."""
    rows = blank = bad = seq = listed = short = long = 0
    first: RowProblem | None = None
    report = BadRowsFile(Path(order["bad_rows"]), [part.source for part in parts])
    warnings_of_files: list[CodedText] = []
    with pa.ipc.new_stream(rows_out, schema.remove_metadata()) as writer, ThreadPoolExecutor(1) as pool:
        for part in parts:
            for batch, odd, converted in _converted(part, seq, pool):
                broken = [row.problem for row in odd if row.problem]
                seq += len(batch.numbers)
                rows += len(batch.numbers) + len(odd)
                short += batch.short_rows
                long += batch.long_rows
                blank += len(odd) - len(broken)
                blank += converted.blank
                bad += len(converted.bad) + len(broken)
                problems = sorted([*converted.problems, *broken], key=lambda problem: problem.row)
                for problem in problems[: max(0, MAX_PROBLEMS - listed)]:
                    _tell({"problem": {**asdict(problem), "value": shortened(problem.value, 60)}})
                listed += len(problems)
                if bad > MAX_BAD:
                    raise too_many_bad_rows(first or problems[0])
                first = first or next(iter(problems), None)
                report.add(part.source, batch, converted.bad, odd, problems)
                part.warnings.see(batch.columns)
                part.warnings.add(converted.rows)
                if len(converted.rows):
                    writer.write_batch(converted.rows.cast(schema))
                _tell({"share": bytes_read.share, "rows": rows})
            warnings_of_files += part.warnings.finish()
            if isinstance(part.converter, Converter):
                warnings_of_files += unmet_parts(part.source.name, part.converter.unmet)
    for warning in merge_files(warnings_of_files):
        _tell({"warning": asdict(warning)})
    report.close()
    rows_out.close()
    _tell({"done": [rows, blank, bad], "ragged": [short, long]})


def _catalog(order: dict[str, Any]) -> Catalog:
    """Return the catalog with the workspace's own fields, which the order has."""
    return catalog_with(tuple(OwnField(**{**each, "type": OwnFieldType(each["type"])}) for each in order["own_fields"]))


def _named(mapping: Mapping, catalog: Catalog) -> frozenset[str]:
    """Return the names, folded, of all columns of a file that a mapping may take."""
    nested = (f"fields.{own.name}" for own in catalog.own_fields)
    return frozenset(folded(name) for name in (*mapping.sources, *catalog.fields, *nested, RESULTS))


def _converted(
    part: _FilePart, first_seq: int, pool: ThreadPoolExecutor
) -> Iterator[tuple[Batch, list[MalformedRow], ConvertedBatch]]:
    """Yield a file's batches and what they become; while one is converted, the next is read."""
    ahead: tuple[Batch, list[MalformedRow], Future[ConvertedBatch]] | None = None
    seq = first_seq
    for batch, odd in _bounded(part):
        following = (batch, odd, pool.submit(part.converter.convert, batch, seq))
        seq += len(batch.numbers)
        if ahead is not None:
            yield ahead[0], ahead[1], ahead[2].result()
        ahead = following
    if ahead is not None:
        yield ahead[0], ahead[1], ahead[2].result()


def _bounded(part: _FilePart) -> Iterator[tuple[Batch, list[MalformedRow]]]:
    """Yield a file's batches, those in parts that are too large for what converts them."""
    for batch, odd in part.source.batches:
        for each in batch.parts(part.converter.rows_at_once):
            yield each, odd
            odd = []


def _peeked(source: FileReader) -> FileReader:
    """Read a source's first batch, so that its first values are known; its batches come all the same."""
    first = list(itertools.islice(source.batches, 1))
    values: dict[str, list[str]] = {}
    for batch, _ in first:
        rows = {
            name: column.slice(0, 1000).to_pylist() for name, column in zip(source.header, batch.columns, strict=True)
        }
        values = {name: list({cell or "" for cell in cells}) for name, cells in rows.items()}
    return replace(
        source, batches=itertools.chain(first, source.batches), first_values=lambda name: values.get(name, [])
    )


def _survey(order: dict[str, Any], out: IO[bytes]) -> None:
    catalog = _catalog(order)
    options = None if order["mapping"] is None else read_mapping(order["mapping"], catalog).file
    file = order["files"][0]

    def progress(share: float, rows: int) -> None:
        _tell({"share": share, "rows": rows})

    found = take_survey(Path(file["path"]), file["name"], options, catalog, progress)
    out.write(json.dumps(asdict(found)).encode())
    out.close()
    _tell({"done": [found.rows, found.blank, found.malformed]})


def _tell_error(error: CallboardError) -> None:
    _tell({"error": type(error).__name__, "reason": asdict(error.reason)})


def _tell(event: dict[str, Any]) -> None:
    os.write(2, json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    main()
