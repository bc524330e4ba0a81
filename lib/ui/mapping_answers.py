"""The part of a mapping's form with answers to criteria: in lists, or in a column for each question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

import streamlit as st

from lib.i18n import t
from lib.ingest.answer_list_guess import guess_answer_paths
from lib.ingest.answer_paths import AnswerPaths
from lib.ingest.answer_rows import MAX_CRITERION, MOST_ANSWERS
from lib.ingest.answer_values import points_number
from lib.ingest.criteria_mapping import scaled_points
from lib.ingest.criterion_proposals import propose_criterion, words_of_column
from lib.ingest.mapping import CriterionSource, Mapping, Scoring, shortened
from lib.ingest.survey import ColumnSurvey, Form, ListedPart, Survey
from lib.ingest.value_forms import NUMBERS
from lib.ui import inputs, mapping_source, markdown

_REQUIRED = ("criterion", "points", "max_points")
_WORDS_A_ROW = 4


@dataclass(frozen=True, slots=True)
class AnswersDraft:
    """The answers to criteria by the form: in lists or in columns, what they say of the score, and what is wrong."""

    criteria: dict[str, CriterionSource] = field(default_factory=dict)
    lists: AnswerPaths | None = None
    scoring: Scoring = field(default_factory=Scoring)
    problems: list[str] = field(default_factory=list)

    def put_into(self, mapping: Mapping) -> Mapping:
        """Return a mapping with these answers."""
        return replace(mapping, criteria=self.criteria, lists=self.lists, scoring=self.scoring)


def draw(base: Mapping, taken: Collection[str], survey: Survey, scope: str) -> AnswersDraft:
    """Draw where answers come from, filled in from a mapping. Columns that are `taken` hold something else."""
    draft = AnswersDraft(scoring=base.scoring)
    columns = _columns(base, taken, survey)
    has_lists = any(column.listed for column in survey.columns) or base.lists is not None
    if not columns and not has_lists and not base.criteria:
        return draft
    is_open = base.lists is not None or bool(base.criteria)
    with st.expander(t("Scorecard: a score per question"), expanded=is_open, key=f"{scope}-answers"):
        lists = _draw_lists(base, survey, draft.problems, f"{scope}-lists") if has_lists else None
        if lists is None:
            _draw_columns(base, columns, survey, draft, f"{scope}-criteria")
        scoring = _draw_scoring(base, f"{scope}-scoring") if lists is not None or draft.criteria else base.scoring
    return replace(draft, lists=lists, scoring=scoring)


def _parts() -> dict[str, str]:
    """Return the parts of an answer in lists, with their labels."""
    return {
        "criterion": t("Question"),
        "section": t("Section"),
        "points": t("Points"),
        "max_points": t("Most points"),
        "not_applicable": t("Does not apply"),
        "critical": t("Critical"),
        "comment": t("Comment"),
    }


def _columns(base: Mapping, taken: Collection[str], survey: Survey) -> list[ColumnSurvey]:
    """Return the columns that may hold the answers to a question."""
    known = {source.column for source in base.criteria.values()}
    return [
        column
        for column in survey.columns
        if column.name
        and survey.header.count(column.name) == 1
        and (column.name in known or (column.name not in taken and column.filled and Form.NESTED not in column.forms))
    ]


def _draw_lists(base: Mapping, survey: Survey, problems: list[str], scope: str) -> AnswerPaths | None:
    """Draw where the parts of answers are in lists; return None where they are not kept."""
    start = base.lists or guess_answer_paths(survey)
    kept = st.checkbox(t("Keep the answers in the file's lists"), base.lists is not None, key=f"{scope}-keep")
    if not kept:
        return None
    parts = {part.path: part for column in survey.columns for part in column.listed}
    chosen: dict[str, str | None] = {}
    labels = _parts()
    for position, (name, label) in enumerate(labels.items()):
        if position % 2 == 0:
            sides = st.columns(2, gap="medium")
        before = getattr(start, name) if start is not None else None
        before = before if isinstance(before, str) else None
        options = [None, *parts, *([before] if before is not None and before not in parts else [])]
        nothing = t("the same for all") if name == "max_points" else t("Not set")

        def shown(path: str | None, nothing: str = nothing) -> str:
            if path is None:
                return nothing
            examples = ", ".join(parts[path].examples) if path in parts else ""
            return shortened(f"{path} ({examples})" if examples else path, 90)

        chosen[name] = inputs.selectbox(
            t(label),
            options,
            options.index(before),
            format_func=shown,
            key=f"{scope}-{name}",
            place=sides[position % 2],
        )
    most: str | int | None = chosen["max_points"]
    if most is None:
        at_first = start.max_points if start is not None and isinstance(start.max_points, int) else None
        shown_first = "" if at_first is None else points_number(at_first)
        typed = inputs.text_input(t("Most points of each answer"), shown_first, key=f"{scope}-most", place=sides[1])
        most = _points(typed)
    missing = [labels[name] for name in _REQUIRED if (most if name == "max_points" else chosen[name]) in (None, 0)]
    if missing:
        problems.append(t("Say where these parts of an answer are: {parts}.", parts=", ".join(missing)))
        return base.lists
    section = chosen["section"]
    by = start.section_by if start is not None and start.section == section else None
    if section is not None and not _is_around(section, str(chosen["criterion"]), parts):
        by = _draw_key(start, section, str(chosen["criterion"]), list(parts), scope)
        if by is None:  # nothing says which of them an answer belongs to
            problems.append(t("Say where these parts of an answer are: {parts}.", parts=labels["section"]))
            return base.lists
    others = {name: chosen[name] for name in ("not_applicable", "critical", "comment")}
    return AnswerPaths(str(chosen["criterion"]), str(chosen["points"]), most or 0, section, by, **others)


def _is_around(section: str, criterion: str, parts: Table[str, ListedPart]) -> bool:
    """Return whether a section's name is in the answers' objects, or in those around them, and in no other list."""
    inner, outer = parts.get(criterion), parts.get(section)
    return inner is None or outer is None or f"{inner.list}.".startswith(f"{outer.list}.")


def _draw_key(start: AnswerPaths | None, section: str, criterion: str, paths: Sequence[str], scope: str) -> str | None:
    """Draw by which key an answer names its section, which is in another list."""
    there, here = section.rpartition(".")[0], criterion.rpartition(".")[0]
    keys = [path.removeprefix(f"{there}.") for path in paths if path.startswith(f"{there}.")]
    shared = [key for key in keys if f"{here}.{key}" in paths]
    if not shared:
        return None
    before = start.section_by if start is not None and start.section_by in shared else shared[0]
    return inputs.selectbox(
        t("Key by which an answer names its section"), shared, shared.index(before or shared[0]), key=f"{scope}-by"
    )


def _draw_columns(
    base: Mapping, columns: Sequence[ColumnSurvey], survey: Survey, draft: AnswersDraft, scope: str
) -> None:
    """Draw which columns are questions, and what each is."""
    names = [column.name for column in columns]
    by_column = {
        mapping_source.find_column(source.column, survey.header): (name, source)
        for name, source in base.criteria.items()
    }
    lacking = [source.column for source in base.criteria.values() if source.column not in survey.header]
    at_first = [name for name in names if name in by_column]
    if names:
        chosen = inputs.multiselect(
            t("Columns that are questions of a scorecard"),
            names,
            at_first,
            placeholder=t("none"),
            help=t("Each row has its points in them, such as 4 or Yes."),
            key=f"{scope}-columns",
        )
    else:
        chosen = []
    for column in columns:
        if column.name in chosen:
            name, source = by_column.get(column.name) or propose_criterion(column)
            key = f"{scope}-{names.index(column.name)}"
            with st.container(border=True, key=f"cb-criterion-{key}"):
                _draw_criterion(name, source, column, draft, key)
    if len(draft.criteria) > MOST_ANSWERS:
        draft.problems.append(t("A scorecard has {most} questions at most.", most=MOST_ANSWERS))
    for name in lacking:
        draft.problems.append(t("The file has no column {column}, which the mapping names.", column=shortened(name)))


def _draw_criterion(name: str, source: CriterionSource, column: ColumnSurvey, draft: AnswersDraft, key: str) -> None:
    """Draw what a question is: its name, section and points, and what its words stand for."""
    st.markdown(f"**{markdown.text(column.name)}**")
    first, second, third = st.columns([4, 3, 2])
    named = inputs.text_input(t("Question"), name, key=f"{key}-name", place=first).strip()
    section = inputs.text_input(t("Section"), source.section or "", key=f"{key}-section", place=second).strip()
    words = words_of_column(column)
    typed = inputs.text_input(
        *(t("Most points"), points_number(source.max_points)),
        key=f"{key}-most",
        place=third,
        on_change=_raise_words,
        args=(key, len(words), points_number(source.max_points)),
    )
    is_critical = st.checkbox(
        t("Critical"), source.is_critical, key=f"{key}-critical", help=t("Failing it fails the call.")
    )
    most = _points(typed)
    problem = None
    if not 0 < len(named) <= MAX_CRITERION or len(section) > MAX_CRITERION:
        problem = t("A question's name has 1 to {most} characters, a section's no more.", most=MAX_CRITERION)
    elif named.casefold() in map(str.casefold, draft.criteria):
        problem = t("Another column has the question {name}.", name=shortened(named))
    elif not most:
        problem = t("{points} is no number of points; right would be one above 0, such as 10.", points=shortened(typed))
    values = {**source.values, **_draw_words(source, words, key)}
    if any(points is not None and points > (most or points) for points in values.values()):
        problem = problem or t("A word stands for more points than there are.")
    if words and not column.forms.keys() & {*NUMBERS} and not any(each is not None for each in values.values()):
        problem = problem or t("Say how many points its words stand for.")
    if problem is not None:
        draft.problems.append(t("{column}: {what}", column=shortened(column.name), what=problem))
        return
    form = source.form
    draft.criteria[named] = CriterionSource(column.name, most or 0, section or None, is_critical, values, form)


def _draw_words(source: CriterionSource, words: Sequence[str], key: str) -> dict[str, int | None]:
    """Draw how many points each word of a column stands for; nothing: the question does not apply."""
    if words:
        st.caption(t("Points that each word stands for; without any, the question does not apply."))
    points: dict[str, int | None] = {}
    for position, word in enumerate(words):
        if position % _WORDS_A_ROW == 0:
            sides = st.columns(_WORDS_A_ROW)
        before = source.values.get(word)
        at_first = "" if before is None else points_number(before)
        label, place = markdown.text(shortened(word, 40)), sides[position % _WORDS_A_ROW]
        points[word] = _points(inputs.text_input(label, at_first, key=f"{key}-word-{position}", place=place))
    return points


def _raise_words(key: str, words: int, at_first: str) -> None:
    """Let the words that stood for all points of a question go on to do so when it has another number of them."""
    session = st.session_state
    before, now = session.get(f"{key}-before", at_first), session[f"{key}-most"]
    session[f"{key}-before"] = now
    for position in range(words):
        word = f"{key}-word-{position}"
        if session.get(word) == before:
            session[word] = now


def _draw_scoring(base: Mapping, scope: str) -> Scoring:
    """Draw what the answers say of the score."""
    made = st.checkbox(
        t("Where the file has no score, make it of the answers"),
        base.scoring.from_criteria,
        key=f"{scope}-from",
        help=t("10 × the points reached ÷ the points that could be reached."),
    )
    zero = st.checkbox(
        t("A failed critical question makes the score 0"), base.scoring.critical_is_zero, key=f"{scope}-critical"
    )
    return Scoring(made, zero)


def _points(typed: str) -> int | None:
    """Return a number of points that was typed, in 1/OWN_SCALE of one; None for what is none."""
    try:
        return scaled_points(Decimal(typed.strip().replace(",", ".")))
    except InvalidOperation:
        return None
