"""Why a parameter of a question, or of what is to be kept, is refused: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class ParameterCode(TextCode):
    """What can't be about a parameter, and what would be right; `parameter` is its public name."""

    # Values of any parameter.
    GIVEN_OFTEN = "given_often", "{parameter} is given {count} times; it may be given once."
    VALUE_TOO_LONG = (
        "value_too_long",
        "{parameter} has a value of {characters} characters; right would be at most {most}.",
    )
    VALUE_UNHOLDABLE = (
        "value_unholdable",
        "{parameter} holds a character that no text can hold; right would be a value without it.",
    )
    TOO_MANY_VALUES = (
        "too_many_values",
        "{parameter} and those before it have more than {most} values; right would be fewer.",
    )

    # Periods and filters.
    NOT_A_ZONE = "not_a_zone", "'{value}' is not an IANA time zone{hint}."
    NOT_A_DAY = "not_a_day", "{parameter} '{value}' is not a date; right would be a date such as 2024-01-31."
    NOT_A_MOMENT = (
        "not_a_moment",
        "{parameter} '{value}' is not a date; right would be a date such as 2024-01-31 or a date-time such as "
        "2024-01-31T09:30:00+01:00.",
    )
    NOT_A_CALENDAR_DATE = (
        "not_a_calendar_date",
        "{parameter} '{value}' is not a calendar date; right would be {day}.",
    )
    A_WEEK = "a_week", "{parameter} '{value}' is a week; right would be its days, from {first} to {last}."
    FIRST_AFTER_LAST = "first_after_last", "{parameter} lies after {last}; right would be an earlier date."
    OUT_OF_REACH = (
        "out_of_reach",
        "{parameter} '{value}' is out of reach; right would be a date from {first} to {last}.",
    )
    NO_NUMBER = "no_number", "{parameter} '{value}' is not a number; right would be such as 7 or 7.5."
    LOW_ABOVE_HIGH = "low_above_high", "{parameter} is more than {last} ({high}); right would be a smaller number."
    TOO_MANY_IDS = (
        "too_many_ids",
        "{parameter} and the other filters name more than {most} ids; right would be fewer.",
    )
    NOT_KNOWN = "not_known", "{parameter} '{value}' is not known{hint}; right would be {known}."
    MISSING = "missing", "{parameter} is missing; use one of {known}."
    NOT_TRUE_OR_FALSE = "not_true_or_false", "{parameter} '{value}' is neither true nor false."

    # How an answer looks.
    TOO_MANY_POINTS = (
        "too_many_points",
        "The period {first} to {last} has {points} {granularity} points, and a trend has at most {most}. Right would "
        "be granularity={right}, or a shorter period.",
    )
    NOT_A_FIELD = "not_a_field", "{parameter} '{value}' is not a field{hint}; right would be one of {known}."
    NO_SUCH_FIELD = "no_such_field", "There is no field {parameter}{hint}; it may have been deleted or archived."
    NO_FILTER_OF_FIELD = (
        "no_filter_of_field",
        "{parameter} is no filter: the field {name} is of the type {type}{hint}.",
    )
    NO_SUCH_METRIC = "no_such_metric", "There is no metric '{value}'{hint}; it may have been archived."
    METRIC_IS_BROKEN = "metric_is_broken", "The metric {name} can't be computed: {problem}"
    METRICS_OF_REPORTS = (
        "metrics_of_reports",
        "{parameter} are of reports that have figures; right would be one of {known}.",
    )
    TOO_MANY_ASKED_FOR = "too_many_asked_for", "{parameter} names {count} metrics, of {most} at most."
    NOT_A_COMPARISON = (
        "not_a_comparison",
        "{parameter} '{value}' is nothing to compare with{hint}; right would be one of {known}.",
    )
    NOT_A_WHOLE_NUMBER = "not_a_whole_number", "{parameter} '{value}' is not a whole number from 1 to {most}."
    NOT_OFFERED = "not_offered", "{parameter} '{value}' is none of {known}{hint}."

    NOT_OF_AN_EXPORT = "not_of_an_export", "'{parameter}' is not a parameter of an export{hint}."

    # Links to pages.
    NOT_OF_A_PAGE = "not_of_a_page", "'{parameter}' is not a parameter of a page{hint}."
    MORE_NOT_OF_A_PAGE = "more_not_of_a_page", "Other parameters that are not known: {count}."
    NOT_A_PERIOD_OF_A_PAGE = (
        "not_a_period_of_a_page",
        "'{value}' is not a period{hint}; without dates, a page shows the period that pages begin with. Right would be "
        "one of {known}.",
    )
    PERIOD_WITH_DATES = (
        "period_with_dates",
        "'{parameter}' is given together with dates, and these count; right would be one of both.",
    )
    VIEW_WITH_OTHERS = (
        "view_with_others",
        "'{parameter}' opens a saved view; right would be a link that holds nothing else.",
    )

    # What is kept: views, links, notes, people.
    LINE_EMPTY = "line_empty", "The {parameter} is empty; right would be 1 to {most} characters."
    LINE_TOO_LONG = "line_too_long", "The {parameter} has {characters} characters; right would be at most {most}."
    LINE_UNHOLDABLE = (
        "line_unholdable",
        "The {parameter} holds a character that no line of text holds ({character}); right would be a single line "
        "without it.",
    )
    NOT_A_PAGE = (
        "not_a_page",
        "'{value}' is not a page with a selection{hint}; right would be one of {known}.",
    )
    NOT_A_PERIOD = "not_a_period", "'{value}' is not a period{hint}; right would be one of {known}."
    DAY_OUT_OF_REACH = "day_out_of_reach", "The day {day} is out of reach; right would be one from {first} to {last}."
    NOT_AN_EMAIL = "not_an_email", "'{value}' is not an e-mail address; right would be such as ann@example.com."
    ADMIN_WITH_LIMITS = (
        "admin_with_limits",
        "An admin sees everything; right would be no limits, or the role of an analyst or a viewer.",
    )
