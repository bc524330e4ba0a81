"""What is wrong with a formula, what is expected in its place, and a right example: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class FormulaCode(TextCode):
    """Why a text is no metric."""

    # What is written.
    FORMULA_EMPTY = "formula_empty", "There is no formula. Right would be one such as avg(score)."
    FORMULA_TOO_LONG = "formula_too_long", "The formula has {length} characters; {most} are the most it may have."
    FORMULA_TOO_DEEP = "formula_too_deep", "The formula is nested more than {most} levels deep."
    FORMULA_TOO_MANY = "formula_too_many", "The formula has more than {most} aggregates."
    FORMULA_TOO_WIDE = (
        "formula_too_wide",
        "Numbers of this formula may have more than {most} digits for one evaluation; multiply fewer of them.",
    )
    METRICS_TOO_DEEP = "metrics_too_deep", "More than {most} metrics are made of one another here, one within the next."
    FORMULA_TOO_LARGE = (
        "formula_too_large",
        "With the metrics that it is made of, the formula has more than {most} parts.",
    )
    SIGN_UNKNOWN = "sign_unknown", "'{sign}' means nothing in a formula. {expected}"
    TEXT_OPEN = "text_open", "A text begins here and does not end. Right would be a closing quote: campaign = {example}"
    NUMBER_WRONG = "number_wrong", "'{number}' is no number. Right would be one such as 0.5 or 30."
    NUMBER_LONG = "number_long", "A number may have {most} digits at most."
    WORD_EXPECTED = "word_expected", "{found} is not expected here; right would be {expected}."
    END_EXPECTED = "end_expected", "The formula is over before '{found}'; right would be {expected}."
    BRACKET_EXTRA = "bracket_extra", "There is a closing bracket here that nothing opens."
    CHAINED = "chained", "A comparison can't go on with '{found}'. Right would be between, or and: a < b and b < c."

    # What is expected.
    A_VALUE = "a_value", "a value, such as avg(score), 30 or (…)"
    A_SIGN = "a_sign", "a sign such as + - * / = < and, or the end"
    A_WORD = "a_word", "{word}"
    OF_IN = "of_in", 'a list, such as in ("Chat", "Phone")'
    OF_IS = "of_is", "null or not null, such as field.csat is not null"
    THE_END = "the_end", "the end of the formula"
    ANOTHER = "another", "', ' and another value, or )"
    TRY_WITHOUT = "try_without", "Right would be letters, numbers, quotes and + - * / ( ) , . = != < <= > >=."
    TRY_QUOTES = "try_quotes", 'Right would be straight quotes: "…".'
    TRY_WORDS = "try_words", "Right would be and, or, or not."
    TRY_EQUALS = "try_equals", "Right would be = for equal, != for not."
    FOUND_END = "found_end", "The end"
    FOUND = "found", "'{text}'"

    # What is named.
    NAME_UNKNOWN = "name_unknown", "There is no '{name}'{hint}. Right would be {expected}."
    NAME_NEAR = "name_near", "There is no '{name}'{hint}."
    CALLED_HERE = "called_here", "There is no '{name}' in formulas; it is called {right} here."
    QUOTES_MISSING = "quotes_missing", "'{name}' is no name; a text stands in quotes. Right would be {example}."
    METRIC_ARCHIVED_HERE = "metric_archived_here", "The metric '{name}' is archived; bring it back to use it."
    FUNCTION_UNKNOWN = "function_unknown", "There is no function '{name}'{hint}. Right would be one such as avg(score)."
    NOT_A_FUNCTION = "not_a_function", "'{name}' is no function, and takes no brackets."
    WITHOUT_BRACKETS = "without_brackets", "'{name}' is a function. Right would be {example}."
    CASE_OF_NAME = "case_of_name", "There is no '{name}'; names are told apart by capitals. Right would be {right}."
    FIELD_UNKNOWN_HERE = "field_unknown_here", "There is no field '{name}'{hint}."
    FIELD_ARCHIVED_HERE = "field_archived_here", "The field '{name}' is archived."
    CRITERION_UNKNOWN = "criterion_unknown", "There is no criterion '{name}'{hint}."
    CYCLE = "cycle", "The metric '{name}' is made of itself: {path}."
    METRIC_BROKEN = "metric_broken", "The metric '{name}' has a formula that does not hold: {problem}"

    # What goes with what.
    OUTSIDE = "outside", "'{name}' is of one evaluation; a metric is of many. Right would be {example}."
    WITHIN = "within", "'{name}' is of many evaluations, and can't stand within {function}. Right would be {example}."
    COUNT_OF = "count_of", "{function} takes {expected}, and has {found}. Right would be {example}."
    NO_NUMBER = "no_number", "{what} is {kind}; {where} takes a number. Right would be {example}."
    NO_CONDITION = "no_condition", "{what} is {kind}; {where} takes a condition. Right would be {example}."
    GROUPING_ALONE = (
        "grouping_alone",
        "'{name}' says which group an evaluation belongs to; {where} takes a number. Right would be {example}.",
    )
    NO_DIMENSION = "no_dimension", "count_distinct takes a dimension{hint}. Right would be count_distinct(executive)."
    NOT_COMPARABLE = "not_comparable", "{left} and {right} can't be compared. Right would be {example}."
    NO_ORDER = "no_order", "{what} can't be ordered by {sign}. Right would be = or !=."
    VALUE_UNKNOWN = "value_unknown", "{column} is never '{value}'{hint}. Right would be one of {known}."
    NO_LITERAL = "no_literal", "{where} takes a number as it is written. Right would be {example}."
    OUT_OF_RANGE = "out_of_range", "{number} is out of range; right would be {range}."
    METRIC_IS_NO_NUMBER = "metric_is_no_number", "A metric is a number, and this is {kind}. Right would be {example}."
    WITHOUT_AGGREGATE = (
        "without_aggregate",
        "The formula speaks of no evaluation. Right would be one such as avg(score).",
    )

    # Kinds of values, in words.
    KIND_NUMBER = "kind_number", "a number"
    KIND_TEXT = "kind_text", "a text"
    KIND_CONDITION = "kind_condition", "a condition"
    KIND_INSTANT = "kind_instant", "a time"
    KIND_NOTHING = "kind_nothing", "null"
