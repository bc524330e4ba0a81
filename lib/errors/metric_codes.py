"""What is wrong with the definition of an own metric, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class MetricCode(TextCode):
    """Why a metric can't be defined, changed or shown."""

    METRIC_NAME = (
        "metric_name",
        "'{name}' can't be the name of a metric; it should begin with a small letter and hold letters, digits and _ "
        "alone, 40 at most, such as firstContact.",
    )
    METRIC_IS_BUILT_IN = "metric_is_built_in", "'{name}' is a built-in metric; give yours another name."
    METRIC_IS_WORD = "metric_is_word", "'{name}' means something in formulas; give the metric another name."
    METRIC_ALIKE = (
        "metric_alike",
        "'{name}' can't be the name of a metric: there is '{other}', which differs only in capitals or _.",
    )
    METRIC_LABEL = "metric_label", "The label of a metric should have 1 to {most} characters, in one line."
    METRIC_DESCRIPTION = (
        "metric_description",
        "The description of a metric should have {most} characters at most, and no control characters.",
    )
    METRIC_UNIT = (
        "metric_unit",
        "The unit of a metric should be number, share, score, seconds, count or a text of 1 to {most} characters.",
    )
    METRIC_DECIMALS = "metric_decimals", "A metric has 0 to {most} decimals, and not {decimals}."
    METRIC_BETTER = "metric_better", "'{better}' is not a direction; right would be higher, lower or null."
    METRIC_MINIMUM = "metric_minimum", "The minimum of a metric should be a whole number from 0 to {most}."
    METRIC_UNKNOWN = "metric_unknown", "There is no metric {name}{hint}."
    METRIC_ARCHIVED = "metric_archived", "The metric {name} is archived; bring it back to use it."
    VERSION_UNKNOWN = "version_unknown", "The metric {name} has no version {version}; the last one is {last}."
    TOO_MANY_METRICS = (
        "too_many_metrics",
        "There would be {count} metrics, of {most} at most; archived ones are counted.",
    )
    TARGET_SHAPE = (
        "target_shape",
        'A target should be a number, or such as {{"value": 8, "campaign": {{"camp_12": 7.5}}, "from": "2026-01-01"}}.',
    )
    TARGET_DIMENSION = "target_dimension", "A target can't be of '{name}'{hint}."
    TARGET_OF_SHARE = "target_of_share", "The target of a share lies between 0 and 1, and not at {value}: 80 % is 0.8."
    TARGET_DAY = "target_day", "'{day}' is no day that a target may begin on; right would be such as 2026-01-01."
