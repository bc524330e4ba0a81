"""The form of a mapping: how a file is read, where each column of an evaluation comes from, and what comes of it.

It is the mapping, whole: what a TOML says is shown, can be changed, and comes out as it went in. Its parts are the
modules `mapping_…` beside this one; what happens to a file is in `import_page`; what a mapping is, in
`lib.ingest.mapping`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from lib.catalog.own_fields import PARAMETER_PREFIX, catalog_with
from lib.errors import CallboardError
from lib.errors.codes import CodedText
from lib.errors.guess_codes import GuessCode
from lib.i18n import t
from lib.ingest import column_guess, saved_mappings
from lib.ingest.example_reading import read_rows, readings
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.guesses import GuessedMapping, Question
from lib.ingest.mapping import ColumnSource, FileOptions, Mapping, header_fingerprint
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.ingest.merged_survey import merge_surveys
from lib.ingest.new_fields import with_mapped_fields
from lib.ingest.survey import Survey
from lib.reports import job_text
from lib.store.messages import failure_of
from lib.ui import (
    inputs,
    mapping_answers,
    mapping_columns,
    mapping_fields,
    mapping_file_options,
    mapping_preview,
    mapping_source,
    mapping_values,
    markdown,
)
from lib.ui.mapping_answers import AnswersDraft
from lib.workspace import Workspace

_SAVED = "_import_saved_mappings"


@dataclass(frozen=True, slots=True)
class MappingDraft:
    """The mapping that the form says, the file that it is for, and whether nothing is left open or wrong.

    `is_undecided`: a question is open, so that the mapping holds a reading that nobody has chosen.
    """

    mapping: Mapping
    survey: Survey
    is_complete: bool
    is_undecided: bool
    is_of_answers: bool = False  # to criteria, of evaluations that are there


def show(workspace: Workspace, files: Sequence[InputFile], brought: str | None, stamp: str) -> MappingDraft | None:
    """Draw the form for files of one kind; return None where one can't be read.

    `brought` is the TOML of a mapping that came with them, `stamp` what tells the widgets of this upload from those
    of another.
    """
    head = st.container()
    with st.expander(t("How the file is read"), key=f"{stamp}-file"):
        try:
            named = read_mapping(brought, workspace.import_catalog, t("the mapping")) if brought is not None else None
            layout, first = _read_layout(workspace, files[0], named, stamp)
            surveys = [first, *_read_others(files[1:], layout, stamp)]
            seen = merge_surveys(surveys)
            if seen.first_rows:
                mapping_preview.draw_first_rows(seen.first_rows, seen.header_row)
            if mapping_columns.is_of_answers(seen):
                head.info(
                    t(
                        "A file of answers to criteria, a row each. They become those of evaluations that are there; "
                        "such a file is loaded whole or not at all."
                    )
                )
                return MappingDraft(Mapping(layout), seen, True, False, is_of_answers=True)
            scope = f"{stamp}-{header_fingerprint(seen.header)[:12]}"
            with head:
                start, is_guess = _start(workspace, named, seen, layout, stamp, scope)
                with_mapped_fields(workspace.import_catalog, start.mapping)  # raises what is wrong with them
        except CallboardError as error:
            head.error(markdown.problem(error))
            return None
        with head:
            base, is_open = _ask(workspace, start, scope)
        values = mapping_file_options.draw_values(base.file, scope)
    options = mapping_file_options.with_layout(values, layout)
    if is_guess:
        open_options = {name for question in is_open for choice in question.choices for name in choice.file}
        head.caption(mapping_file_options.in_words(options, seen, open_options))
    return _finish(workspace, replace(base, file=options), start, is_open, surveys, scope)


def _finish(
    workspace: Workspace,
    base: Mapping,
    start: GuessedMapping,
    questions: Sequence[Question],
    surveys: Sequence[Survey],
    scope: str,
) -> MappingDraft:
    """Draw the columns and values, and what comes of them."""
    seen = merge_surveys(surveys)
    draft = mapping_columns.draw(workspace.import_catalog, base, start.guesses, seen, scope)
    answers = _draw_answers(workspace, base, draft.columns, seen, scope)
    base = answers.put_into(base)
    fields = mapping_fields.draw(workspace.import_catalog, base, draft.columns, seen, scope)
    columns = {**draft.columns, **fields.columns}
    mapping = replace(base, columns=columns, values=fields.values, fields=fields.requests)
    catalog = with_mapped_fields(workspace.import_catalog, mapping)
    values, open_values = mapping_values.draw(catalog, mapping, columns, seen, scope)
    fields.tell_words(values)
    mapping = replace(mapping, values=values)
    zone = workspace.settings.zone
    unanswered = [each for each in questions if each.is_open and _is_untouched(each, start.mapping, mapping)]
    undecided = {each.canonical for each in unanswered}
    problems = [*draft.problems, *answers.problems, *fields.problems]
    places = {**draft.places, **fields.places}
    resolved = mapping
    try:
        read_mapping(write_mapping(mapping), workspace.import_catalog, t("the mapping"))
    except CallboardError as error:
        problems.append(job_text.in_words(failure_of(error)))
    else:
        for each in reversed(surveys):
            resolved, unresolved = mapping_columns.resolve(mapping, catalog, each)
            if unresolved is not None and (not draft.problems or mapping_columns.lacks_columns(mapping, each)):
                problems.append(unresolved)
        shown = replace(resolved, columns={name: resolved.columns[name] for name in resolved.columns if name in places})
        for name, examples in readings(seen, shown, catalog, zone).items():
            with places[name]:
                if name in undecided:
                    st.caption(t("Not decided yet: the question at the top is open."))
                else:
                    mapping_preview.draw_readings(catalog.fields[name], resolved.columns[name], examples)
    for problem in problems:
        st.error(markdown.text(problem))
    if draft.problems and len(seen.sheets) > 1:
        sheets = ", ".join(markdown.text(name) for name, _ in seen.sheets)
        st.info(
            t(
                "The workbook has several sheets: {sheets}. Choose another one under “How the file is read”.",
                sheets=sheets,
            )
        )
    mapping_columns.name_criteria(resolved)
    mapping_columns.name_unkept(resolved, seen)
    if not problems and not unanswered:
        st.subheader(t("Preview"), anchor=False)
        st.caption(t("Dates are shown in the time zone {zone}.", zone=markdown.text(zone.key)))
        mapping_preview.draw_result(read_rows(seen, resolved, catalog, zone), list(resolved.columns), catalog)
    if open_values:
        labels = ", ".join(map(markdown.text, open_values))
        st.warning(t("Say what each value stands for: {columns}. Rows with the others will be bad.", columns=labels))
    if unanswered:
        st.warning(t("Answer the question at the top before you load the file."))
    return MappingDraft(mapping, seen, not problems and not unanswered, bool(unanswered))


def _draw_answers(
    workspace: Workspace, base: Mapping, columns: dict[str, ColumnSource], seen: Survey, scope: str
) -> AnswersDraft:
    """Draw where answers to criteria come from, in columns that hold nothing else."""
    implied = mapping_columns.implied_columns(workspace.import_catalog, base, seen)
    named = [name for name, source in base.columns.items() if name.startswith(PARAMETER_PREFIX)]
    sources = [*columns.values(), *(base.columns[name] for name in named)]
    taken = {mapping_source.find_column(name, seen.header) for source in sources for name in source.columns}
    taken |= {column for name, column in implied.items() if name not in columns}
    return mapping_answers.draw(base, {name for name in taken if name}, seen, scope)


def _read_layout(
    workspace: Workspace, file: InputFile, named: Mapping | None, stamp: str
) -> tuple[FileOptions, Survey]:
    """Draw where the rows of the file are, and go through them. Raises FileError and MappingError."""
    before = FileOptions() if named is None else named.file
    known = None if named is None else mapping_file_options.layout_of(before)
    seen, failed = _survey_or_error(file, known, stamp)
    if named is None and seen is not None:
        known = seen.layout
        saved = _saved(workspace, seen, stamp)
        before = known if saved is None else mapping_file_options.with_layout(saved.file, known)
    chosen = mapping_file_options.draw_layout(before, seen, stamp)
    if mapping_file_options.layout_of(chosen) != known:
        known = mapping_file_options.layout_of(chosen)
        seen, failed = _survey_or_error(file, known, stamp)
    layout = mapping_file_options.draw_header_row(chosen, seen, stamp)
    if mapping_file_options.layout_of(layout) != known:
        seen, failed = _survey_or_error(file, mapping_file_options.layout_of(layout), stamp)
    if failed is not None:
        raise failed
    assert seen is not None  # noqa: S101 - it is there, or the reason why not
    return layout, seen


def _read_others(files: Sequence[InputFile], layout: FileOptions, stamp: str) -> list[Survey]:
    """Go through the files that are read as the first one is. Raises FileError and MappingError."""
    surveys = []
    for file in files:
        seen, failed = _survey_or_error(file, mapping_file_options.layout_of(layout), stamp)
        if seen is None:
            assert failed is not None  # noqa: S101 - it is there, or the reason why not
            raise failed
        surveys.append(seen)
    return surveys


def _survey_or_error(
    file: InputFile, layout: FileOptions | None, stamp: str
) -> tuple[Survey | None, CallboardError | None]:
    toml = None if layout is None else write_mapping(Mapping(layout))
    try:
        with st.spinner(t("Reading all rows …")):
            return _survey(str(file.path), file.name, toml, stamp), None
    except CallboardError as error:
        return None, error


@st.cache_data(show_spinner=False, max_entries=20)
def _survey(path: str, name: str, toml: str | None, _stamp: str) -> Survey:
    from lib import workspace

    space = workspace.current()
    return survey(InputFile(Path(path), name), toml, space.settings, space.import_catalog)


def _saved(workspace: Workspace, seen: Survey, stamp: str) -> Mapping | None:
    """Return the mapping that was saved for files of this header, before anything was loaded from this upload."""
    kept: dict[tuple[str, str], str | None] = st.session_state.setdefault(_SAVED, {})
    key = stamp, header_fingerprint(seen.header)
    if key not in kept:
        kept[key] = saved_mappings.find(workspace.state, seen.header)
    toml = kept[key]
    try:
        return None if toml is None else read_mapping(toml, workspace.import_catalog)
    except CallboardError:  # a field of its name has another type by now
        return None


def _start(
    workspace: Workspace, named: Mapping | None, seen: Survey, layout: FileOptions, stamp: str, scope: str
) -> tuple[GuessedMapping, bool]:
    """Return what the form is filled in from, and whether that is a guess: else it came along, or was saved.

    What is guessed does not change by the fields that the form's own import defines.
    """
    if named is not None:
        st.caption(t("From the mapping that came along."))
        return GuessedMapping(named), False
    saved = _saved(workspace, seen, stamp)
    if saved is not None and _fits(workspace, saved, seen):
        st.caption(t("Reused your last mapping for this layout."))
        return GuessedMapping(saved), False
    if saved is not None:
        st.caption(t("Your last mapping for this layout does not fit these rows; it was guessed anew."))
    known = mapping_file_options.layout_of(layout)  # without what a saved mapping says of dates and numbers
    catalog = catalog_with(mapping_fields.first_known(workspace.import_catalog, scope))
    guess = column_guess.guess(seen, known, catalog, workspace.settings.zone)
    return guess, True


def _fits(workspace: Workspace, saved: Mapping, seen: Survey) -> bool:
    """Return whether a mapping that was saved reads a row of the file, where there is one."""
    try:
        catalog = with_mapped_fields(workspace.import_catalog, saved)
    except CallboardError:  # there are too many fields by now
        return False
    resolved, unresolved = mapping_columns.resolve(saved, catalog, seen)
    if unresolved is not None:
        return False
    rows = read_rows(seen, resolved, catalog, workspace.settings.zone)
    return not rows or any(row.problem is None for row in rows)


def _named(note: CodedText) -> CodedText:
    """Return what a guess says, with an encoding called as where the form says how the file is read."""
    if note.code is not GuessCode.ENCODING_IS_GUESSED:
        return note
    return note.code.of(encoding=mapping_file_options.encoding_label(str(note.values["encoding"])))


def _ask(workspace: Workspace, start: GuessedMapping, scope: str) -> tuple[Mapping, list[Question]]:
    """Draw what a guess leaves open; return the mapping with the answers, and the questions that have none."""
    mapping, unanswered = start.mapping, []
    if start.notes:
        st.info("  \n".join(markdown.text(job_text.in_words(_named(note))) for note in start.notes))
    for position, question in enumerate(start.questions):
        field = workspace.import_catalog.fields[question.canonical]
        labels = mapping_preview.choice_labels(question, field)
        answer = inputs.radio(
            markdown.text(job_text.in_words(question.words)),
            range(len(question.choices)),
            None if question.is_open else 0,
            format_func=labels.__getitem__,
            key=f"{scope}-question-{position}",
        )
        if answer is None:
            unanswered.append(question)
        else:
            mapping = question.answered(mapping, question.choices[answer])
    return mapping, unanswered


def _is_untouched(question: Question, start: Mapping, mapping: Mapping) -> bool:
    """Return whether the form says of a question's column what the guess did: whether nobody has settled it by hand."""
    options = {name for choice in question.choices for name in choice.file}
    return all(getattr(start.file, name) == getattr(mapping.file, name) for name in options) and (
        start.columns.get(question.canonical) == mapping.columns.get(question.canonical)
    )
