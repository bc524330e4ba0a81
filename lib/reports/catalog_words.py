"""What dimensions, metrics and fields are called: built-in ones by texts of the language catalogs, own ones as is.

The label of an own field is its users' text: it is in no catalog, and no part of a text that is.
"""

from __future__ import annotations

from lib.catalog.dimensions import Dimension
from lib.catalog.fields import Field
from lib.catalog.metrics import Metric, Unit
from lib.catalog.own_fields import PARAMETER_PREFIX
from lib.catalog.ranged_fields import RangedField
from lib.catalog.sums import Total
from lib.i18n import t
from lib.reports.words import Words, formatted, text


def label(of: Dimension | RangedField | Field) -> Words:
    """Return the label of a dimension, or of a field."""
    return of.label if of.is_own else text(of.label)


def plural_label(dimension: Dimension) -> Words:
    """Return the label of several groups of a dimension."""
    return dimension.label if dimension.is_own else text(dimension.plural_label)


def lower_label(dimension: Dimension) -> Words:
    """Return the label of a dimension as it stands within a sentence."""
    return dimension.label if dimension.is_own else formatted(_lower, dimension.label)


def groups_name(dimension: Dimension) -> Words:
    """Return the label of several groups of a dimension as it stands within a sentence."""
    return dimension.label if dimension.is_own else formatted(_lower, dimension.plural_label)


def _lower(message_id: str) -> str:
    return t(message_id).lower()


def all_label(dimension: Dimension) -> Words:
    """Return what all groups of a dimension are called together."""
    return text("All values") if dimension.is_own else text(all_text(dimension))


def all_text(dimension: Dimension) -> str:
    """Return the message id of what all groups of a built-in dimension are called together."""
    return dimension.unfiltered_label


def metric_label(metric: Metric) -> Words:
    """Return the label of a metric: of an own field, with what is made of its values; of a formula, as it is."""
    if not metric.is_own:
        return text(metric.label)
    if not metric.name.startswith(PARAMETER_PREFIX):
        return metric.label
    if metric.unit is Unit.SHARE:
        return text("{field}: share of yes", field=metric.label)
    is_sum = isinstance(metric.formula, Total)
    return text("{field}: sum", field=metric.label) if is_sum else text("{field}: average", field=metric.label)


def own_figure(metric: Metric) -> Words:
    """Return what the metric of an own field makes of its values."""
    if metric.unit is Unit.SHARE:
        return text("share of yes")
    return text("sum") if isinstance(metric.formula, Total) else text("average")


def file_stem(dimension: Dimension) -> str:
    """Return what the name of a file of a dimension's groups begins with: English, of plain letters."""
    return dimension.name.replace(".", "-") if dimension.is_own else dimension.plural.replace(" ", "-")
