"""What is wrong with the definition of an own field, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class FieldCode(TextCode):
    """Why a field can't be defined, changed or filled."""

    FIELD_NAME = (
        "field_name",
        "'{name}' can't be the name of a field; it should begin with a small letter and hold letters, digits and _ "
        "alone, 40 at most, such as firstContact.",
    )
    FIELD_IS_COLUMN = (
        "field_is_column",
        "'{name}' can't be the name of a field: it is a column that every evaluation has.",
    )
    FIELD_ALIKE = (
        "field_alike",
        "'{name}' can't be the name of a field: there is '{other}', which differs only in capitals or _.",
    )
    FIELD_TAKEN = "field_taken", "There is a field {name} already."
    FIELD_TYPE = "field_type", "'{type}' is not a type of fields{hint}; there are {known}."
    FIELD_LABEL = "field_label", "The label of a field should have 1 to {most} characters, in one line."
    FIELD_UNIT = "field_unit", "The unit of a field should have 1 to {most} characters; only numbers have one."
    FIELD_TYPE_FIXED = (
        "field_type_fixed",
        "The field {name} holds {held} values, of the type {type}, which can't change; define a new field for {asked}.",
    )
    FIELD_UNKNOWN = "field_unknown", "There is no field {name}{hint}."
    TOO_MANY_FIELDS = (
        "too_many_fields",
        "There would be {count} fields, of {most} at most; delete one that is not used.",
    )
    TOO_MANY_CATEGORIES = (
        "too_many_categories",
        "Nothing was loaded: the field {name} would have {count} different values, of {most} at most; a field of the "
        "type text holds any.",
    )
    FIELDS_CHANGED = (
        "fields_changed",
        "Nothing was loaded: somebody changed the fields meanwhile. Try again.",
    )
