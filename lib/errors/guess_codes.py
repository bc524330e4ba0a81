"""What a guess of a mapping says: why it is made, what it asks, and what to know, as `codes` has it for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class GuessCode(TextCode):
    """Reasons, questions with their answers, and notes about a file that a person is about to import."""

    # Reasons.
    BY_NAME = "by_name", "by the column's name"
    BY_NAME_AND_TIME = "by_name_and_time", "date and time are in two columns"
    BY_ROW_NUMBER = "by_row_number", "no column looks like an id, so the file's name and the row's number are taken"

    # Questions, each with its answers.
    WHICH_ORDER = "which_order", "Which date is {example} in '{column}'?"
    DAY_BEFORE_MONTH = "day_before_month", "day first"
    MONTH_BEFORE_DAY = "month_before_day", "month first"
    WHICH_SCALE = "which_scale", "Which scale do the scores in '{column}' have? They go from {smallest} to {largest}."
    SCALE_AS_IT_IS = "scale_as_it_is", "0 to 10"
    SCALE_TO = "scale_to", "0 to {most} (multiplied by {scale})"
    SCALE_FROM_ONE = "scale_from_one", "1 to 5 (1 becomes 0, 5 becomes 10)"
    WHICH_CLOCK = "which_clock", "What does {example} mean in '{column}'?"
    CLOCK_OF_MINUTES = "clock_of_minutes", "minutes and seconds"
    CLOCK_OF_HOURS = "clock_of_hours", "hours and minutes"
    WHICH_UNIT = "which_unit", "Which unit does {example} have in '{column}'?"
    UNIT_OF_SECONDS = "unit_of_seconds", "seconds"
    UNIT_OF_MINUTES = "unit_of_minutes", "minutes"
    UNIT_OF_MILLISECONDS = "unit_of_milliseconds", "milliseconds"
    WHICH_NUMBER = "which_number", "Which number is {example} in '{column}'?"
    NUMBER_IN_THOUSANDS = "number_in_thousands", "more than a thousand"
    NUMBER_WITH_FRACTION = "number_with_fraction", "a number with three decimals"
    WHICH_ID = "which_id", "What tells one row from all others?"
    ID_AS_IT_IS = "id_as_it_is", "'{column}' alone; the last row of each id stands"
    ID_BY_ROW_NUMBER = "id_by_row_number", "the file's name and the row's number"

    # Notes.
    IDS_REPEAT = (
        "ids_repeat",
        "'{column}' has {distinct} different values in {rows} rows; {examples} come more than once. Of the rows with "
        "one id, only the last stands.",
    )
    IDS_REPEAT_OFTEN = (
        "ids_repeat_often",
        "Many values in '{column}' come more than once, such as {examples}. Of the rows with one id, only the last "
        "stands.",
    )
    IDS_ARE_MISSING = "ids_are_missing", "Rows with nothing in '{column}', and so without an id: {count} of {rows}."
    SCORES_UP_TO = (
        "scores_up_to",
        "The scores in '{column}' go up to {largest}, so that they are multiplied by {scale}.",
    )
    NO_FORMAT_FITS = "no_format_fits", "No date format fits all values in '{column}', such as {example}."
    DATES_FOLLOW = "dates_follow", "The dates in '{column}' are read {order}, as the rows then follow one another."
    DECIMALS_ARE_MIXED = (
        "decimals_are_mixed",
        "Some numbers in '{column}' have a decimal point and some a decimal comma, such as {example}.",
    )
    VALUES_ARE_UNKNOWN = "values_are_unknown", "Say what these values in '{column}' stand for: {examples}."
    WORDS_FOR_NOTHING = "words_for_nothing", "Cells with {examples} are read as empty."
    SHEET_IS_GUESSED = "sheet_is_guessed", "The sheet '{sheet}' is read, as it has the names of columns."
    ENCODING_IS_GUESSED = "encoding_is_guessed", "The file is not UTF-8; it is read as {encoding}."
