"""What is wrong with a value of an import, and what would be right: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class ValueCode(TextCode):
    """Why a value can't be stored, and what would be right: often an option of the mapping, by its name."""

    # What is wrong.
    VALUE_LENGTH = "value_length", "has {characters} characters"
    VALUE_WITH_NUL = "value_with_nul", "holds a character that no text can hold"
    NOT_A_STATE = "not_a_state", "is not a state"
    NOT_A_SENTIMENT = "not_a_sentiment", "is not a sentiment"
    NOT_A_FLAG = "not_a_flag", "is neither true nor false"
    NOT_YES_OR_NO = "not_yes_or_no", "is neither yes nor no"
    NOT_A_LINK = "not_a_link", "is not a link"
    NOT_A_NUMBER = "not_a_number", "is not a number"
    NUMBER_TOO_LARGE = "number_too_large", "is too large"
    NUMBER_CUT = "number_cut", "is a number that a spreadsheet cut"
    DATE_FOR_NUMBER = "date_for_number", "is a date, not a number"
    DENOMINATOR_ZERO = "denominator_zero", "is divided by 0"
    ERROR_CELL = "error_cell", "is the error {error} of a spreadsheet"
    FORMULA_WITHOUT_VALUE = "formula_without_value", "is a formula whose value is not in the file"
    SCORE_OUTSIDE = "score_outside", "is outside 0 to 10"
    SCORE_BECOMES_OUTSIDE = "score_becomes_outside", "becomes {score}, which is outside 0 to 10"
    DURATION_NEGATIVE = "duration_negative", "is negative"
    DURATION_PARTS = "duration_parts", "has minutes or seconds above 59"
    DURATION_TOO_LONG = "duration_too_long", "is longer than any conversation"
    DURATION_NOT_WHOLE = "duration_not_whole", "is not whole"
    DURATION_AMBIGUOUS = "duration_ambiguous", "may be minutes and seconds, or hours and minutes"
    DATE_FOR_DURATION = "date_for_duration", "is a date, not a duration"
    NOT_A_DATE = "not_a_date", "is not a valid date"
    NUMBER_FOR_DATE = "number_for_date", "is a number, not a date"
    DATE_OUTSIDE = "date_outside", "means {date}, outside {first} to {last}"
    POINTS_NEGATIVE = "points_negative", "is negative"
    POINTS_ABOVE_MAX = "points_above_max", "is more than {most}, the most points that there are"
    POINTS_TOO_FINE = "points_too_fine", "has more than four decimals"
    POINTS_NOT_APPLICABLE = "points_not_applicable", "is there, though the question does not apply"
    MAX_POINTS_NOT_POSITIVE = "max_points_not_positive", "is not above 0"
    NOT_ANSWERS = "not_answers", "is not a list of answers"
    TOO_MANY_ANSWERS = "too_many_answers", "has {count} answers"
    NOT_OF_AN_ANSWER = "not_of_an_answer", "is not part of an answer{hint}"

    # What would be right.
    RIGHT_OWN_NUMBER = "right_own_number", "a number such as 4.5, from −{most} to {most}"
    RIGHT_YES_OR_NO = (
        "right_yes_or_no",
        "yes, no, true, false, 1 or 0, or other words under yes and no of the field's entry in the mapping",
    )
    RIGHT_LENGTH = "right_length", "at most {most}"
    RIGHT_WITHOUT_NUL = "right_without_nul", "text without it"
    RIGHT_STATE = (
        "right_state",
        "Pending, Processing, Completed or Failed, or a word that the mapping's [values.state] turns into one",
    )
    RIGHT_SENTIMENT = (
        "right_sentiment",
        "Positive, Neutral, Negative, or nothing, or a word that the mapping's [values.sentiment] turns into one",
    )
    RIGHT_FLAG = "right_flag", "true or false, or a word that the mapping's [values.isAICall] turns into one"
    RIGHT_LINK = "right_link", "an address such as https://example.com/1.wav, without spaces"
    RIGHT_SCORE = "right_score", "a score from 0 to 10"
    RIGHT_SCORE_SCALED = (
        "right_score_scaled",
        "a score from 0 to 10, or a scale in the mapping that leads there, such as scale = 0.1 for 0 to 100",
    )
    RIGHT_SIGNS = "right_signs", "{right}; or decimal = {decimal} with thousands = {thousands} in the mapping"
    RIGHT_NO_ERROR = (
        "right_no_error",
        "the value itself, or null_values = [{word}] in the mapping where it means nothing",
    )
    RIGHT_FORMULA = "right_formula", "the value: open and save it in the spreadsheet first"
    RIGHT_UNCUT = "right_uncut", "all its digits: format the column as text or as a number before saving the file"
    RIGHT_DURATION = "right_duration", "whole seconds such as 312, HH:MM:SS, 5m 12s or PT5M12S"
    RIGHT_CLOCK_FORMAT = "right_clock_format", 'format = "mm:ss" or format = "hh:mm" of the column in the mapping'
    RIGHT_DURATION_CELL = "right_duration_cell", "seconds, or cells with a format of times such as [h]:mm:ss"
    RIGHT_FRACTION = (
        "right_fraction",
        '{right}; or unit = "s", "ms", "min" or "h" of the column in the mapping, which rounds to whole seconds',
    )
    RIGHT_DATE = "right_date", "{formats}, from {first} to {last}"
    RIGHT_DATE_NUMBER = "right_date_number", "a date, or date_format = {format} in the mapping"
    RIGHT_DATE_LOCALE = (
        "right_date_locale",
        '{right}; or a locale in the mapping, such as locale = "es", whose names of months it has',
    )
    RIGHT_ISO = "right_iso", "ISO 8601, such as 2024-01-31T09:30:00, or as the mapping's date_format says"
    RIGHT_POINTS = "right_points", "points from 0 to {most}, with four decimals at most"
    RIGHT_POINTS_OR_WORD = (
        "right_points_or_word",
        "{right}, or a word that values of the criterion's entry in the mapping turns into them",
    )
    RIGHT_POINTS_MISSING = "right_points_missing", "points, or notApplicable where the question does not apply"
    RIGHT_MAX_POINTS_MISSING = "right_max_points_missing", "the points that a full answer has"
    RIGHT_NO_POINTS = "right_no_points", "nothing where notApplicable is true"
    RIGHT_MAX_POINTS = "right_max_points", "a number above 0, up to {most}, with four decimals at most"
    RIGHT_TRUE_OR_FALSE = "right_true_or_false", "true or false"
    RIGHT_CRITERION = "right_criterion", "the name of a criterion"
    RIGHT_EVALUATION_ID = "right_evaluation_id", "the id of an evaluation"
    RIGHT_ANSWERS = "right_answers", "a list of objects with criterion, points and maxPoints"
    RIGHT_LISTS = "right_lists", "a list of objects, as [results] of the mapping says"
    RIGHT_ONE_ANSWER = "right_one_answer", "one answer to each criterion"
