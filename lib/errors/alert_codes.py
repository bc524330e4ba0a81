"""What is wrong with an alert, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class AlertCode(TextCode):
    """Why an alert can't be kept, changed, checked or shown; `where` is the place in its JSON."""

    ALERT_SHAPE = "alert_shape", "{where} should be such as {right}."
    ALERT_FIELD = "alert_field", "'{name}' is not known in {where}{hint}; known: {known}."
    ALERT_TOO_MANY = "alert_too_many", "{where} should have {most} entries at most."
    ALERT_ONE_OF_BOTH = "alert_one_of_both", "Right would be hours or until, and not both."
    ALERT_SNOOZE = (
        "alert_snooze",
        "{where} should be an instant to come, at most a year from now, such as 2026-12-01T08:00:00+01:00.",
    )
    ALERT_NUMBER = "alert_number", "{where} should be a number, such as {example}."
    ALERT_WHOLE_NUMBER = "alert_whole_number", "{where} should be a whole number from {least} to {most}."
    ALERT_CHOICE = "alert_choice", "{where} '{value}' is not known{hint}; right would be one of {known}."
    ALERT_MISSING = "alert_missing", "{where} is missing; right would be such as {right}."
    ALERT_ENDS_BELOW = "alert_ends_below", "{where} is {value}; of a condition below {limit} it should be no less."
    ALERT_ENDS_ABOVE = "alert_ends_above", "{where} is {value}; of a condition above {limit} it should be no more."
    ALERT_NO_TARGET = "alert_no_target", "The metric {name} has no target that it could miss; set one first."
    ALERT_NO_DIRECTION = (
        "alert_no_direction",
        "It is not known whether more or less of {name} is better, so that nothing of it is worse than before. Right "
        "would be a condition below or above a value.",
    )
    ALERT_UNTESTED = (
        "alert_untested",
        "Changes of {name} are not tested against chance, as those of counts are not. Right would be a condition below "
        "or above a value.",
    )
    ALERT_NO_CHART = (
        "alert_no_chart",
        "{name} has no control chart by {dimension}, as no sum gives its value. Right would be no dimension.",
    )
    ALERT_PERIOD_NEEDED = (
        "alert_period_needed",
        "A comparison with the days before needs a period that has a first and a last day; right would be such as "
        "last7.",
    )
    ALERT_CRON = "alert_cron", "'{cron}' is not a cron line; right would be such as 0 8 * * 1, for Mondays at 8."
    ALERT_TOO_OFTEN = (
        "alert_too_often",
        "The cron line '{cron}' asks for checks that are {minutes} min apart; right would be {least} min or more.",
    )
    ALERT_AFTER_IMPORT = (
        "alert_after_import",
        "That no data come can't be noticed when some do; right would be a schedule with cron and timezone.",
    )
    ALERT_RECIPIENT = (
        "alert_recipient",
        "Mail may not go to {address}: nobody with an account has this address, and its domain is not among "
        "CALLBOARD_MAIL_DOMAINS.",
    )
    ALERT_WEBHOOK = "alert_webhook", "There is no webhook {id} of yours."
    ALERT_UNKNOWN = "alert_unknown", "There is no alert {id}; it may have been deleted."
    ALERT_MEMBER = "alert_member", "The alert has no state of '{member}'{hint}."
    ALERT_NOT_FIRING = "alert_not_firing", "Nothing of it is firing, so that there is nothing to acknowledge."
    ALERT_CHANGED = "alert_changed", "Somebody changed the alert since version {version}; it is at {current} now."
    ALERT_PAUSED = "alert_paused", "The alert is paused; set its status to active first."
    TOO_MANY_ALERTS = "too_many_alerts", "There would be more than {most} alerts of one owner; delete some first."
    ALERT_METRIC_GONE = "alert_metric_gone", "There is no metric {name} any more."
    ALERT_DIMENSION_GONE = "alert_dimension_gone", "There is no field {name} any more to look at each value of."
    ALERT_NO_COMPARISON = "alert_no_comparison", "There are no days before to compare with."
