"""What is wrong with a mapping, and what would be right: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class MappingCode(TextCode):
    """Why a mapping is refused; `where` is the entry's place."""

    MAPPING_TOO_LONG = (
        "mapping_too_long",
        "{name}: longer than {most} characters, the most that a mapping may have.",
    )
    MAPPING_NO_TOML = "mapping_no_toml", "{name}: not valid TOML: {error}"
    MAPPING_UNKNOWN_PART = "mapping_unknown_part", "{where} '{entry}' is not a part of a mapping{hint}; known: {known}."
    MAPPING_UNKNOWN_OPTION = "mapping_unknown_option", "{where} '{entry}' is not an option{hint}; known: {known}."
    MAPPING_UNKNOWN_COLUMN = (
        "mapping_unknown_column",
        "{where} '{entry}' is not a canonical column{hint}; known: {known}.",
    )
    MAPPING_NO_TABLE = "mapping_no_table", "{where} should be a table."
    MAPPING_NO_TEXT = "mapping_no_text", "{where} {option} should be text in quotes."
    MAPPING_NO_NUMBER = "mapping_no_number", "{where} should be a number."
    MAPPING_NOT_FINITE = "mapping_not_finite", "{where} should be a finite number."
    MAPPING_ENCODING = (
        "mapping_encoding",
        "{where} encoding '{encoding}' is not known; right would be utf-8, cp1252 …",
    )
    MAPPING_DELIMITER = (
        "mapping_delimiter",
        "{where} delimiter should be one ASCII character and no quote, such as ';' or '\\t'.",
    )
    MAPPING_DECIMAL = "mapping_decimal", "{where} decimal should be '.' or ','."
    MAPPING_THOUSANDS = (
        "mapping_thousands",
        "{where} thousands should be '.', ',', ' ' or \"'\", and not the decimal sign.",
    )
    MAPPING_NULL_VALUES = "mapping_null_values", "{where} null_values should be a list of texts."
    MAPPING_LOCALE = "mapping_locale", "{where} locale '{locale}' is not known; right would be such as 'es' or 'pt-BR'."
    MAPPING_OF_DURATIONS = (
        "mapping_of_durations",
        "{where}: {option} is for durationInSeconds, and should be one of: {known}.",
    )
    MAPPING_TIMEZONE = "mapping_timezone", "{where} timezone '{timezone}' is not an IANA time zone{hint}."
    MAPPING_SHEET = "mapping_sheet", "{where} sheet should be a name, or a number from 1."
    MAPPING_HEADER_ROW = "mapping_header_row", "{where} header_row should be a number from 1."
    MAPPING_DATE_FORMATS = (
        "mapping_date_formats",
        "{where} date_format should be a strptime format such as '%d/%m/%Y', or a list of them.",
    )
    MAPPING_DATE_FORMAT = "mapping_date_format", "{where} date_format '{format}': {error}."
    MAPPING_DATE_PERIOD = (
        "mapping_date_period",
        "{where} date_format '{format}': %p (a.m. or p.m.) needs %I, an hour from 1 to 12; right would be '{right}'.",
    )
    MAPPING_DATE_HALF_DAY = (
        "mapping_date_half_day",
        "{where} date_format '{format}': %I, an hour from 1 to 12, needs %p (a.m. or p.m.) beside it; right would be "
        "'{right}' for hours from 0 to 23.",
    )
    MAPPING_DATE_NO_YEAR = (
        "mapping_date_no_year",
        "{where} date_format '{format}' has no year; right would be one with %Y (2024) or %y (24).",
    )
    MAPPING_DATE_NO_DAY = (
        "mapping_date_no_day",
        "{where} date_format '{format}' has no month or no day; right would be one with %m (or its name: %b) and %d. "
        "%M are the minutes.",
    )
    MAPPING_DATE_TWICE = (
        "mapping_date_twice",
        "{where} date_format '{format}' has {sign} twice; %m is the month, %M are the minutes.",
    )
    MAPPING_DATE_UNKNOWN = (
        "mapping_date_unknown",
        "{where} date_format '{format}': {sign} stands for no part of a date here; right would be {right}.",
    )
    MAPPING_NO_SOURCE = (
        "mapping_no_source",
        "{where}: '{entry}' is neither a column's name nor a table; it should be a table.",
    )
    MAPPING_SOURCES = "mapping_sources", "{where}: needs exactly one of column, columns, value and row."
    MAPPING_ROW = "mapping_row", "{where}: row should be true."
    MAPPING_ROW_OF_ID = "mapping_row_of_id", "{where}: only id can come from the row's number."
    MAPPING_COLUMNS = "mapping_columns", "{where}: columns should be a list of column names."
    MAPPING_SCALE = (
        "mapping_scale",
        "{where}: scale and offset are for averageNote, durationInSeconds and fields of the type number.",
    )
    MAPPING_FIELD_TWICE = "mapping_field_twice", "{where} '{entry}' is under [fields] as well; one of them is enough."
    MAPPING_FIELD = "mapping_field", "{where}: {problem}"
    MAPPING_FIELD_TYPE = (
        "mapping_field_type",
        "{where}: the field holds the type {type}, which can't change; name a new field for {asked}.",
    )
    MAPPING_WORDS = "mapping_words", "{where}: {option} should be a list of texts."
    MAPPING_WORDS_OF_TYPE = "mapping_words_of_type", "{where}: {option} is for fields of the type yes_no."
    MAPPING_WORD_TWICE = "mapping_word_twice", "{where}: '{entry}' stands for both yes and no."
    MAPPING_VALUE = "mapping_value", "{where}: value should be one value."
    MAPPING_ONE_VALUE = "mapping_one_value", "{where} '{entry}' should stand for one value."
    MAPPING_CRITERIA_TOO_MANY = (
        "mapping_criteria_too_many",
        "{where} names {count} criteria; right would be {most} at most.",
    )
    MAPPING_CRITERION_NAME = (
        "mapping_criterion_name",
        "{where} '{entry}' can't be the name of a criterion; it should have 1 to {most} characters.",
    )
    MAPPING_CRITERION_ALIKE = (
        "mapping_criterion_alike",
        "{where} '{entry}' and '{other}' differ only in capitals, spaces or _; each criterion needs a name of its own.",
    )
    MAPPING_CRITERION_NO_TABLE = (
        "mapping_criterion_no_table",
        '{where} should be a table that says the most points, too: column = "{entry}" and max, such as max = 10.',
    )
    MAPPING_CRITERION_COLUMN = "mapping_criterion_column", "{where} needs column, the name of one column."
    MAPPING_CRITERION_NO_MAX = (
        "mapping_criterion_no_max",
        "{where} needs max, the points that a full answer has, such as max = 10.",
    )
    MAPPING_CRITERION_MAX = (
        "mapping_criterion_max",
        "{where} should be above 0, {most} at most, with no more than four decimals.",
    )
    MAPPING_CRITERION_CRITICAL = "mapping_criterion_critical", "{where} critical should be true or false."
    MAPPING_CRITERION_TEXT = (
        "mapping_criterion_text",
        "{where} {option} should be a text in quotes, of 1 to {most} characters.",
    )
    MAPPING_CRITERION_VALUE = (
        "mapping_criterion_value",
        "{where} values: '{entry}' should stand for points from 0 to {most}, with no more than four decimals, or for "
        '"" where the question does not apply.',
    )
    MAPPING_CRITERION_VALUE_TWICE = (
        "mapping_criterion_value_twice",
        "{where} values: '{entry}' is there twice, in other capitals or spaces.",
    )
    MAPPING_RESULTS_LACK = (
        "mapping_results_lack",
        '{where} needs {option}: where it is in the lists, such as {option} = "questions.{option}".',
    )
    MAPPING_RESULTS_PATH = (
        "mapping_results_path",
        '{where} should be the place in the lists as a text, such as "sections.questions.title": a column, then the '
        "keys of objects.",
    )
    MAPPING_RESULTS_BESIDE = (
        "mapping_results_beside",
        "{where} has [results] and [criteria]; answers come from lists or from columns of their own, not from both.",
    )
    LISTS_LACK_PART = (
        "lists_lack_part",
        "{name}: [results] {part} should come from '{path}', which no answer has. Right would be a place that the "
        "lists have.",
    )
    MAPPING_SCORING = "mapping_scoring", "{where} {option} should be one of: {known}{hint}."
