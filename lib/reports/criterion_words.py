"""What criteria are called: by their names, and where forms share a name by that of the form, too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from lib.catalog.criteria import Criterion
from lib.catalog.measures import MeasureTotals
from lib.i18n import t
from lib.reports import formatting
from lib.store.enums import NONE_NAME


def criterion_names(criteria: Iterable[Criterion]) -> dict[Criterion, str]:
    """Return what to call each of some criteria so that they can be told apart, the same in every language."""
    known = tuple(dict.fromkeys(criteria))
    counts = Counter(each.name for each in known)
    names = {each: f"{each.name} ({each.form})" if each.form and counts[each.name] > 1 else each.name for each in known}
    return formatting.distinct(names, {each: each.form or NONE_NAME for each in known})


def section_name(criterion: Criterion) -> str:
    """Return the section of a criterion; an en dash where it has none."""
    return criterion.section or formatting.NOTHING


def form_name(criterion: Criterion) -> str:
    """Return the form of a criterion, as pages show it."""
    return criterion.form or t(NONE_NAME)


def have_forms(criteria: Iterable[Criterion]) -> bool:
    """Return whether criteria are of several forms."""
    return len({each.form for each in criteria}) > 1


def criterion_id(criterion: Criterion, member: str = "") -> str:
    """Return what a mark of a chart, or a row, tells of its criterion and of whose answers it is."""
    return json.dumps([criterion.name, criterion.form or "", member], ensure_ascii=False)


def failed_id(criterion: Criterion, totals: MeasureTotals | None, member: str = "") -> str | None:
    """Return what a mark or a row tells of a criterion; None where nobody failed it, so that a click leads nowhere."""
    return criterion_id(criterion, member) if totals and totals["without_points"] else None


def read_criterion_id(said: str) -> tuple[Criterion, str] | None:
    """Return the criterion and whose answers a mark tells of; None for what no mark tells, whatever a browser sends."""
    try:
        parts = json.loads(said)
    except ValueError:
        return None
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts):
        return None
    name, form, member = parts
    return (Criterion(name, form or None, None), member) if name else None
