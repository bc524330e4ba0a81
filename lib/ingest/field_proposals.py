"""Proposals of own fields: what the columns of a file that no canonical column takes may be kept as.

Which of them are kept is for a person to say, in the form of a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lib.analytics.field_definitions import MAX_LABEL, label_of
from lib.catalog.fields import FieldType
from lib.catalog.own_fields import MAX_NAME, MOST_CATEGORIES, OwnField, OwnFieldType
from lib.ingest.header_names import fold_name, words_of
from lib.ingest.mapping import FileOptions, canonical_name, folded
from lib.ingest.new_fields import guess_type, named_field
from lib.ingest.survey import ColumnSurvey, Form, Survey
from lib.ingest.value_names import target_of

_IDENTIFYING = frozenset(
    {
        "id",
        "ids",
        "phone",
        "telephone",
        "mobile",
        "telefono",
        "celular",
        "telefone",
        "code",
        "codigo",
        "zip",
        "extension",
    }
)
"""Words of columns whose numbers are names of something: nobody wants their average."""

_IN_BRACKETS = re.compile(r"\s*[(\[{][^)\]}]*[)\]}]")


@dataclass(frozen=True, slots=True)
class FieldProposal:
    """What a column may be kept as: a field of the workspace, or a new one, which has the number 0."""

    column: ColumnSurvey
    own: OwnField
    is_named: bool = False  # the column's name says that it is a field, as in our own exports

    @property
    def is_new(self) -> bool:
        """Whether the field would have to be defined."""
        return self.own.number == 0


def propose_fields(
    survey: Survey, taken: Collection[str], known: Sequence[OwnField], reserved: Sequence[str], options: FileOptions
) -> list[FieldProposal]:
    """Return what each column may be kept as that is not `taken`, in the order of the file.

    `known` are the fields of the workspace that a column may go into, `reserved` the names that no new field may have.

    Left out are columns that hold nothing, or lists and objects, and those that share their name with another.
    """
    proposals: list[FieldProposal] = []
    for place, column in enumerate(survey.columns, 1):
        is_single = survey.header.count(column.name) == 1
        if column.name in taken or not is_single or not column.filled or Form.NESTED in column.forms:
            continue
        used = {each.own.name for each in proposals}
        existing = _existing(column, [own for own in known if own.name not in used])
        if existing is not None:
            proposals.append(FieldProposal(column, existing, canonical_name(column.name) == folded(existing.parameter)))
            continue
        named = _name_in_header(column.name, [*used, *reserved])
        name = named or field_name(column.name, place, [*used, *reserved])
        type_ = propose_type(column, options)
        unit = "%" if type_ is OwnFieldType.NUMBER and column.has_only(Form.PERCENT) else None
        label = label_of(name) if named else field_label(column.name, name)
        proposals.append(FieldProposal(column, OwnField(0, name, type_, label, unit), named is not None))
    return proposals


def field_name(header: str, place: int, taken: Iterable[str]) -> str:
    """Return a name for the field of a column: `Resolved on first contact (Y/N)` is resolvedOnFirstContact.

    It differs from those that are taken. A header without a letter from a to z is known by its place, from 1.
    """
    plain = header.replace("ñ", "ni").replace("Ñ", "Ni")  # año is not ano
    words = words_of(_IN_BRACKETS.sub(" ", plain)) or words_of(plain)
    while words and words[0].isdigit():
        words = words[1:]
    name = ""
    for word in words:
        longer = name + word.capitalize() if name else word
        if len(longer) > MAX_NAME and name:
            break
        name = longer[:MAX_NAME]
    name = name or f"column{place}"
    known = {folded(each) for each in taken}
    number = 2
    found = name
    while folded(found) in known:
        found, number = f"{name[: MAX_NAME - len(str(number))]}{number}", number + 1
    return found


def field_label(header: str, name: str) -> str:
    """Return the label of the field of a column: its header, in one line that is not too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in header).split())
    return line[:MAX_LABEL].strip() or label_of(name)


def propose_type(column: ColumnSurvey, options: FileOptions) -> OwnFieldType:
    """Return the type that suits a column, where dates are written as the mapping says."""
    guessed = guess_type(column)
    if guessed is OwnFieldType.NUMBER and _IDENTIFYING & {*words_of(column.name)}:
        return OwnFieldType.TEXT if _is_many(column) else OwnFieldType.CATEGORY
    if column.has_only(Form.DATE, Form.ISO_DATE) and any(
        {*each.formats} <= {*options.date_formats} for each in column.dates
    ):
        return OwnFieldType.INSTANT
    return guessed


def has_too_many(column: ColumnSurvey) -> bool:
    """Return whether a column is known to hold more different values than a category may."""
    return column.distinct is not None and column.distinct > MOST_CATEGORIES


def words_for(column: ColumnSurvey, target: str) -> list[str]:
    """Return the values of a column that stand for yes, where the target is true, or for no, where it is false."""
    return [value for value, _ in column.values if target_of(value, FieldType.YES_NO) == target]


def _is_many(column: ColumnSurvey) -> bool:
    return column.distinct is None or column.distinct > MOST_CATEGORIES // 10


def _name_in_header(header: str, reserved: Sequence[str]) -> str | None:
    """Return the name of the field that a header such as `field.channel` names."""
    name = named_field(header)
    return None if name is None or folded(name) in map(folded, reserved) else name


def _existing(column: ColumnSurvey, known: Sequence[OwnField]) -> OwnField | None:
    """Return the field of the workspace that a column goes by the name or the label of, if its values fit it."""
    for own in known:
        if canonical_name(column.name) == folded(own.parameter):
            return own
    names = {fold_name(column.name), fold_name(_IN_BRACKETS.sub(" ", column.name))} - {""}
    for own in known:
        if not own.archived and names & {fold_name(own.name), fold_name(own.label), fold_name(own.label_with_unit)}:
            return own if _fits(column, own.type) else None
    return None


def _fits(column: ColumnSurvey, type_: OwnFieldType) -> bool:
    if type_ is OwnFieldType.TEXT:
        return True
    guessed = guess_type(column)
    if type_ is OwnFieldType.CATEGORY:
        return guessed is not OwnFieldType.TEXT
    if type_ is OwnFieldType.YES_NO:
        return column.is_complete and all(target_of(value, FieldType.YES_NO) for value, _ in column.values)
    return guessed is type_ or (type_ is OwnFieldType.INSTANT and column.has_only(Form.DATE, Form.ISO_DATE))
