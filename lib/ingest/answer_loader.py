"""Loading answers: those that are staged, beside the rows of the evaluations that they belong to.

The answers of an evaluation are a set with a number of its own, that the evaluation's row has. Answers that come anew
make a new set; the old one stays as long as the replaced row is kept, so that an undo only brings the row back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.catalog.catalog import Catalog
from lib.catalog.criteria import CRITERION
from lib.errors import FileError
from lib.errors.answer_codes import AnswerCode
from lib.errors.codes import CodedText
from lib.ingest.answer_lists import BEST_SCORE
from lib.ingest.answer_rows import MOST_CRITERIA
from lib.ingest.load_versions import PART_ROWS, Versions, shifted_right
from lib.ingest.mapping import Scoring, shortened
from lib.ingest.staged_answers import SHORT, staged_answers, staged_criteria
from lib.store.bulk_io import bulk_insert
from lib.store.schema import answers, criteria, replaced_names

_SAID = ("points", "max_points", "critical", "share", "lost", "comment")
_SEQ_BITS = 32  # of the row, in the number of a set; what is above is the version that brought it


class NotTogetherError(Exception):
    """Imports can't be loaded together, as it can't be told which of them changes what."""


def set_columns(
    staged: sa.FromClause, known: sa.FromClause | None, versions: Versions
) -> dict[str, sa.ColumnElement[Any]]:
    """Return what staged rows will hold of their answers, by column: what is known, where they came without any.

    `known` are the evaluations as they are, beside the staged rows; None where there are none. The same answers keep
    their set.
    """
    short = {field.name: staged.c[field.name] for field in SHORT}
    digest = short["answers_digest"]
    new = _set_number(versions, staged.c.seq)
    came = digest.is_not(None)
    if known is None:
        return {"answer_set": sa.case((came, new)).label("answer_set"), **short}
    columns: dict[str, sa.ColumnElement[Any]] = {
        name: sa.case((came, column), else_=known.c[name]).label(name) for name, column in short.items()
    }
    is_new = sa.and_(came, digest.is_distinct_from(known.c.answers_digest))
    columns["answer_set"] = sa.case((is_new, new), else_=known.c.answer_set).label("answer_set")
    return columns


def _set_number(versions: Versions, seq: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the number of the set of each row."""
    first = sa.cast(sa.literal_column(str(versions.first << _SEQ_BITS)), sa.BigInteger)
    if len(versions.grants) == 1:
        return first + seq
    return first + shifted_right(seq, PART_ROWS) * sa.literal_column(str(1 << _SEQ_BITS)) + seq


def kept_score(staged: sa.FromClause, known: sa.FromClause, scoring: Scoring) -> sa.ColumnElement[Any]:
    """Return the score of staged rows that keep the answers that they had: what it would be if these had come again."""
    score: sa.ColumnElement[Any] = staged.c.score
    keeps = sa.and_(staged.c.answers_digest.is_(None), known.c.answer_set.is_not(None))
    if scoring.from_criteria:
        double = 2 * known.c.answers_max
        number = 2 * BEST_SCORE * known.c.answers_points + known.c.answers_max
        made = sa.cast((number - number % double) // double, sa.Integer)  # rounded half up
        score = sa.case((sa.and_(keeps, score.is_(None), known.c.answers_max > 0), made), else_=score)
    if scoring.critical_is_zero:
        score = sa.case((sa.and_(keeps, known.c.critical_failed), 0), else_=score)
    return score.label("score")


def insert_answers(connection: Connection, versions: Versions, rows: sa.FromClause) -> None:
    """Load the staged answers of rows that have their sets; their criteria are defined."""
    came = staged_answers.c
    number = _set_number(versions, came.seq)
    chosen = (
        sa.select(rows.c.answer_set, criteria.c.key, *(came[name] for name in _SAID))
        .select_from(staged_answers)
        .join(rows, rows.c.answer_set == number)
        .join(staged_criteria, staged_criteria.c.code == came.criterion)
        .join(criteria, _same())
        .order_by(rows.c.answer_set)
    )
    with bulk_insert(connection, answers):
        connection.execute(sa.insert(answers).from_select(answers.columns.keys(), chosen))


def count_answers(connection: Connection, version: int) -> int:
    """Return how many answers a version brought."""
    sets = answers.c.answer_set
    ours = sets >= version << _SEQ_BITS, sets < (version + 1) << _SEQ_BITS
    return int(connection.execute(sa.select(sa.func.count()).where(*ours)).scalar_one())


def forget_sets(connection: Connection, sets: sa.Select[Any], *held: sa.Select[Any]) -> None:
    """Delete the answers of sets that are not among those held any more."""
    gone = sa.except_(*(each.where(each.selected_columns.answer_set.is_not(None)) for each in (sets, *held)))
    if connection.execute(gone.limit(1)).first() is not None:
        connection.execute(sa.delete(answers).where(answers.c.answer_set.in_(gone)))


def forget_criteria(connection: Connection, catalog: Catalog) -> None:
    """Delete the criteria that have no answers any more, and their cells, which add up to nothing."""
    unused = sa.except_(sa.select(criteria.c.key), sa.select(answers.c.criterion_key))
    if connection.execute(unused.limit(1)).first() is not None:
        rollup.forget(connection, catalog, CRITERION.column, unused)
        connection.execute(sa.delete(criteria).where(criteria.c.key.in_(unused)))


def _same() -> sa.ColumnElement[bool]:
    """Return whether a staged criterion is one that is known."""
    ours, known = staged_criteria.c, criteria.c
    return sa.and_(known.name == ours.name, sa.func.coalesce(known.form, "") == sa.func.coalesce(ours.form, ""))


def define_criteria(connection: Connection, versions: Versions) -> tuple[str, ...]:
    """Give every staged criterion a key; return the names of known ones that came to be in another section.

    Known ones get the sections that came from who may rename, and those before are kept as replaced in this version.
    Raises FileError for more criteria than there may be, and NotTogetherError where sections change in one of several
    versions.
    """
    ours = staged_criteria.c
    moved = connection.execute(
        sa.select(criteria.c.key, criteria.c.name, criteria.c.section.label("before"), ours.section)
        .join(staged_criteria, _same())
        .where(ours.section.is_not(None), ours.section.is_distinct_from(criteria.c.section))
    ).all()
    moved = moved if any(map(versions.renames, versions.all)) else []
    if moved and len(versions.grants) > 1:
        raise NotTogetherError
    for row in moved:
        connection.execute(sa.update(criteria).where(criteria.c.key == row.key).values(section=row.section))
        kept = {"dimension": CRITERION.name, "key": row.key, "name": row.before or "", "replaced_in": versions.first}
        connection.execute(sa.insert(replaced_names).values(kept))
    highest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(criteria.c.key), 0))).scalar_one()
    number = sa.func.row_number().over(order_by=ours.code) + highest
    new = sa.select(number, ours.name, ours.form, ours.section).where(~sa.exists().where(_same()))
    connection.execute(sa.insert(criteria).from_select(["key", "name", "form", "section"], new))
    count = connection.execute(sa.select(sa.func.count()).select_from(criteria)).scalar_one()
    if count > MOST_CRITERIA:
        raise FileError(AnswerCode.TOO_MANY_CRITERIA, most=f"{MOST_CRITERIA:,}")
    return tuple(row.name for row in moved)


def section_warnings(moved: Sequence[str]) -> Iterator[CodedText]:
    """Yield that criteria came to be in another section, where any did."""
    if moved:
        examples = ", ".join(f"'{shortened(name)}'" for name in moved[:3])
        yield AnswerCode.SECTIONS_CHANGED.of(count=len(moved), examples=examples)


def restore_sections(connection: Connection, version: int | None) -> None:
    """Give criteria the sections back that a version changed; one that was changed since, with that later version."""
    kept = replaced_names
    ours = sa.and_(kept.c.dimension == CRITERION.name, kept.c.replaced_in == version)
    for key, section in connection.execute(sa.select(kept.c.key, kept.c.name).where(ours)).all():
        of_key = sa.and_(kept.c.dimension == CRITERION.name, kept.c.key == key)
        later = sa.select(sa.func.min(kept.c.replaced_in)).where(of_key, kept.c.replaced_in > version)
        following = connection.execute(later).scalar_one()
        if following is None:
            connection.execute(sa.update(criteria).where(criteria.c.key == key).values(section=section or None))
        else:
            connection.execute(sa.update(kept).where(of_key, kept.c.replaced_in == following).values(name=section))
    connection.execute(sa.delete(kept).where(ours))
