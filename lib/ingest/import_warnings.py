"""What an import warns of: rows that are loaded, and may yet not be what was meant.

`RowWarnings` looks at the rows of one file as they are read; the functions look at what they do to the facts, within
the transaction that loads them.
"""

from __future__ import annotations

import statistics
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.dimensions import NamedDimension
from lib.catalog.rollups import DAILY_TOTAL
from lib.errors import MappingError
from lib.errors.codes import CodedText
from lib.errors.import_codes import ImportCode
from lib.errors.mapping_codes import MappingCode
from lib.ingest.answer_paths import PART_NAMES
from lib.ingest.answer_rows import RESULTS
from lib.ingest.mapping import Mapping, shortened
from lib.ingest.text_cleaning import Texts
from lib.store.enums import SCORE_SCALE

_SCALES = {1: 10, 5: 2}
"""The scales that scores are often on, and what makes each one of 0 to 10."""

_FEWEST_SCORES = 2
_REPEATED_SHARE = 0.01
_BUSY_TIMES, _BUSY_FLOOR, _FEWEST_DAYS, _DAYS_BEFORE = 10, 20, 3, timedelta(days=28)
_EXAMPLES, _COLUMNS = 3, 20


@dataclass(frozen=True, slots=True)
class RepeatedIds:
    """Rows that a later row of the same import stands for: how many, how many of them were the same, and some ids."""

    count: int = 0
    exact: int = 0
    examples: tuple[str, ...] = ()  # of rows that differ, where any do


class RowWarnings:
    """Looks at the rows of one file, a batch at a time. Without a mapping they have the canonical columns."""

    def __init__(self, name: str, header: Sequence[str] = (), mapping: Mapping | None = None) -> None:
        """Take the file's name, its header, and its mapping, resolved for that header."""
        self._name, self._header, self._mapping = name, header, mapping
        self._now = pa.scalar(datetime.now(UTC).replace(tzinfo=None), pa.timestamp("us"))
        self._future, self._last = 0, ""
        self._scores, self._highest = 0, 0
        self._rows = self._with_answers = 0
        self._unnamed: set[int] = set()  # columns without a name that hold something, from 0

    def see(self, columns: Sequence[Texts]) -> None:
        """Look at a batch as it came, for what is in columns without a name."""
        for place, name in enumerate(self._header):
            if not name and place not in self._unnamed and place < len(columns):
                texts = columns[place].drop_null()
                values = texts.dictionary if isinstance(texts, pa.DictionaryArray) else texts
                if len(texts) and pc.any(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0)).as_py():
                    self._unnamed.add(place)

    def add(self, rows: pa.RecordBatch) -> None:
        """Look at checked rows, of evaluations; others have nothing to be looked at."""
        if "audio_at" not in rows.schema.names:
            return
        self._rows += len(rows)
        self._with_answers += len(rows) - rows.column(RESULTS).null_count
        instants = rows.column("audio_at")
        later = pc.sum(pc.greater(instants, self._now)).as_py() or 0
        if later:
            self._future += later
            self._last = max(self._last, f"{pc.max(rows.column('day')).as_py():%Y-%m-%d}")
        scores = rows.column("score")
        self._scores += len(scores) - scores.null_count
        self._highest = max(self._highest, pc.max(scores).as_py() or 0)

    def finish(self) -> Iterator[CodedText]:
        """Yield what is to be warned of."""
        if self._future:
            yield ImportCode.WARN_FUTURE.of(name=self._name, count=self._future, last=self._last)
        if self._mapping is None:
            return
        if self._rows and not self._with_answers and (self._mapping.lists or self._mapping.criteria):
            yield ImportCode.WARN_NO_ANSWERS.of(name=self._name)
        source = self._mapping.columns.get("averageNote")
        is_plain = source is not None and source.scale is None and source.offset is None and source.value is None
        most = next((top for top in _SCALES if self._highest <= top * SCORE_SCALE), None)
        if is_plain and "averageNote" not in self._mapping.values and most and self._scores >= _FEWEST_SCORES:
            yield ImportCode.WARN_SCALE.of(name=self._name, most=most, count=self._scores, scale=_SCALES[most])
        if unkept := _unkept(self._header, self._mapping):
            names = _listed((f"'{shortened(name)}'" for name in unkept), _COLUMNS)
            yield ImportCode.WARN_UNKEPT.of(name=self._name, columns=names)
        if self._unnamed:
            places = _listed((str(place + 1) for place in sorted(self._unnamed)), _COLUMNS)
            yield ImportCode.WARN_UNNAMED.of(name=self._name, columns=places)


def unmet_parts(name: str, unmet: Table[str, str]) -> Iterator[CodedText]:
    """Yield a warning for each path to a part of answers that led to nothing in a file.

    Raises MappingError where it is the points, as answers without any do not apply.
    """
    for part, path in unmet.items():
        called, shown = PART_NAMES[part], shortened(path)
        if part in ("points", "max_points"):
            raise MappingError(MappingCode.LISTS_LACK_PART, name=name, part=called, path=shown)
        yield ImportCode.WARN_PART_UNMET.of(name=name, part=called, path=shown)


def merge_files(warnings: Iterable[CodedText]) -> Iterator[CodedText]:
    """Yield warnings of several files, those that say the same of each once, with the names of all."""
    merged: list[tuple[CodedText, list[str]]] = []
    for warning in warnings:
        rest = {name: value for name, value in warning.values.items() if name != "name"}
        names = next((names for other, names in merged if (other.code, other.values) == (warning.code, rest)), None)
        if names is None:
            merged.append((CodedText(warning.code, rest), [str(warning.values["name"])]))
        else:
            names.append(str(warning.values["name"]))
    for warning, names in merged:
        yield CodedText(warning.code, {"name": ", ".join(names), **warning.values})


def _unkept(header: Sequence[str], mapping: Mapping) -> list[str]:
    """Return the columns that nothing comes from; of what holds other columns, those alone."""
    used = mapping.sources
    holders = {name[:place] for name in header for place, sign in enumerate(name) if sign == "."}
    return [name for name in dict.fromkeys(header) if name and name not in used and name not in holders]


def repeated_ids(repeated: RepeatedIds, read: int) -> Iterator[CodedText]:
    """Yield a warning where rows that differ have one id, or more than one in a hundred has that of another."""
    different = repeated.count - repeated.exact
    if different or repeated.count > read * _REPEATED_SHARE:
        examples = _listed((f"'{shortened(each)}'" for each in repeated.examples), _EXAMPLES)
        yield ImportCode.WARN_REPEATED.of(count=repeated.count, different=different, examples=examples)


def replaced_rows(count: int, examples: Sequence[str]) -> Iterator[CodedText]:
    """Yield a warning where rows took the place of known ones that differ."""
    if count:
        names = _listed((f"'{shortened(each)}'" for each in examples), _EXAMPLES)
        yield ImportCode.WARN_REPLACED.of(count=count, examples=names)


def alike_names(
    connection: Connection, dimension: NamedDimension, given: Iterable[str], new: Sequence[str]
) -> Iterator[CodedText]:
    """Yield a warning where names of an import differ by case or accents alone, or new ones from known ones.

    `given` are the import's names; `new` those of them that ids have now which had others, or were not known.
    """
    spellings: dict[str, set[str]] = {}
    for name in given:
        spellings.setdefault(_folded(name), set()).add(name)
    folded = {_folded(name) for name in new}
    if folded:
        names = dimension.table
        lengths = {len(name) for name in new}  # which leaves most of the others out
        for name in connection.scalars(sa.select(names.c.name).where(sa.func.length(names.c.name).in_(lengths))):
            if _folded(name) in folded:
                spellings[_folded(name)].add(name)
    groups = sorted(sorted(group) for group in spellings.values() if len(group) > 1)
    if groups:
        examples = _listed((", ".join(f"'{shortened(name)}'" for name in group) for group in groups), _EXAMPLES, "; ")
        yield ImportCode.WARN_ALIKE.of(column=dimension.name_field, count=len(groups), examples=examples)


def changed_names(dimension: NamedDimension, renamed: Sequence[tuple[str, str]]) -> Iterator[CodedText]:
    """Yield a warning where known ids have other names now; `renamed` are the names as they were and became."""
    if renamed:
        pairs = (f"'{shortened(before)}' → '{shortened(name)}'" for before, name in renamed)
        examples = _listed(pairs, _EXAMPLES)
        yield ImportCode.WARN_RENAMED.of(column=dimension.name_field, count=len(renamed), examples=examples)


def busy_days(
    connection: Connection, rows: sa.Select[tuple[date]], count: int, first: date | None, last: date | None
) -> Iterator[CodedText]:
    """Yield a warning where an import brought much of a day that has ten times the usual evaluations.

    `rows` are the days of its `count` rows, from the first to the last. The usual is the median of the days from four
    weeks before the first to the last. A few rows are none too many.
    """
    if first is None or last is None or count < _BUSY_FLOOR:
        return
    day, total = DAILY_TOTAL.c.day, sa.func.sum(DAILY_TOTAL.c.evaluations)
    start = first - min(_DAYS_BEFORE, first - date.min)
    totals = sa.select(day, total).where(day.between(start, last)).group_by(day).having(total > 0)
    held = {each: int(found) for each, found in connection.execute(totals)}
    if len(held) < _FEWEST_DAYS:
        return
    usual = statistics.median(held.values())
    busy = [each for each, found in held.items() if found >= max(_BUSY_FLOOR, _BUSY_TIMES * usual)]
    if not busy:
        return
    came = rows.subquery().c.day
    brought = sa.select(came).where(came.in_(busy)).group_by(came)
    days = sorted(connection.scalars(brought.having(sa.func.count() >= _BUSY_FLOOR)))
    if days:
        examples = _listed((f"{each} ({held[each]})" for each in days), _EXAMPLES)
        yield ImportCode.WARN_BUSY.of(count=len(days), usual=f"{usual:g}", examples=examples)


def _folded(name: str) -> str:
    """Return a name without case and accents."""
    if name.isascii():
        return name.casefold()
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))


def _listed(texts: Iterable[str], most: int, separator: str = ", ") -> str:
    """Return the first texts as one, with an ellipsis where there are more."""
    every = list(texts)
    return separator.join([*every[:most], *(["…"] if len(every) > most else [])])
