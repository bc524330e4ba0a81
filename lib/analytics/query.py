"""Filters: a period, predicates and a grant. One frozen value, parsed from and written to URL parameters.

The wording that people read and the conditions that the queries use both come from the same object.
"""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from lib.analytics.calendar import FIRST_DAY, LAST_DAY, ONE_DAY, day_start
from lib.analytics.grants import Grant
from lib.analytics.ranges import Range, parse_range, range_parameters
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, FlagDimension
from lib.catalog.own_fields import PARAMETER_PREFIX
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.formats import iso_dates
from lib.settings import zone_names

MAX_VALUES = 1_000
"""Ids that a question's filters may name in all."""

MAX_VALUE_LENGTH = 1_000
"""Characters of one value: an id may have as many."""

Moment = date | datetime
"""The end of a period: a whole day, or a timezone-aware instant. Both ends are inclusive."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """The ids of which an evaluation must have one, in the dimension of a name."""

    dimension: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which evaluations: a period, predicates, and the zone that days are meant in.

    An end that is None is open. A dimension has one predicate or none, in the order of the catalog that
    they are meant in: build them by `narrowed`. `timezone` None means the workspace's. The grant is the asker's, never
    a parameter.
    """

    date_from: Moment | None = None
    date_to: Moment | None = None
    predicates: tuple[Predicate, ...] = ()
    ranges: tuple[Range, ...] = ()
    timezone: str | None = None
    grant: Grant = field(kw_only=True)
    catalog: Catalog = field(kw_only=True)

    @classmethod
    def from_parameters(
        cls,
        parameters: Mapping[str, Sequence[str]],
        workspace_zone: zoneinfo.ZoneInfo,
        grant: Grant,
        catalog: Catalog,
    ) -> Filters:
        """Read filters from URL parameters, each with its values in order.

        Names that are no filter are passed over, but for those of own fields.

        Raises InvalidParameterError naming the parameter.
        """
        _refuse_unknown_fields(parameters, catalog)
        timezone = parse_single(parameters, "timezone")
        if timezone is not None and timezone not in zone_names():
            hint = nearest(timezone, zone_names())
            raise InvalidParameterError("timezone", ParameterCode.NOT_A_ZONE, value=timezone, hint=hint)
        zone = zoneinfo.ZoneInfo(timezone) if timezone else workspace_zone
        date_from = parse_moment("dateFrom", parse_single(parameters, "dateFrom"), zone, is_last=False)
        date_to = parse_moment("dateTo", parse_single(parameters, "dateTo"), zone, is_last=True)
        if (
            date_from is not None
            and date_to is not None
            and first_instant(date_from, zone) > last_instant(date_to, zone)
        ):
            raise InvalidParameterError("dateFrom", ParameterCode.FIRST_AFTER_LAST, last="dateTo")
        return cls(
            date_from,
            date_to,
            _parse_predicates(parameters, catalog),
            tuple(asked for each in catalog.ranged_fields if (asked := parse_range(each, parameters))),
            timezone=None if timezone == workspace_zone.key else timezone,
            grant=grant,
            catalog=catalog,
        )

    def to_parameters(self) -> dict[str, list[str]]:
        """Return the URL parameters that say the same; what is open is left out."""
        found: dict[str, list[str]] = {}
        if self.date_from is not None:
            found["dateFrom"] = [self.date_from.isoformat()]
        if self.date_to is not None:
            found["dateTo"] = [self.date_to.isoformat()]
        for dimension in self.catalog.filters:
            if ids := self.ids(dimension):
                found[dimension.parameter] = list(ids)
        for field_ in self.catalog.ranged_fields:
            for asked in self.ranges:
                found |= range_parameters(field_, asked) if asked.field == field_.name else {}
        if self.timezone is not None:
            found["timezone"] = [self.timezone]
        return found

    def ids(self, dimension: Dimension) -> tuple[str, ...]:
        """Return the ids asked for in a dimension; empty for all."""
        return next((each.ids for each in self.predicates if each.dimension == dimension.name), ())

    def narrowed(self, dimension: Dimension, *ids: str) -> Filters:
        """Return the same question about these groups of a dimension alone; about all of them without any.

        Raises ValueError for a dimension that the catalog has no filter of: the question would be about everything.
        """
        if dimension not in self.catalog.filters:
            raise ValueError(f"The catalog has no filter of {dimension.name}.")
        chosen = {each.dimension: each.ids for each in self.predicates} | {dimension.name: ids}
        predicates = (Predicate(each.name, chosen.get(each.name, ())) for each in self.catalog.filters)
        return replace(self, predicates=tuple(each for each in predicates if each.ids))

    def in_catalog(self, catalog: Catalog) -> Filters:
        """Return the same question in a catalog that has the same filters."""
        return replace(self, catalog=catalog)

    def zone(self, workspace_zone: zoneinfo.ZoneInfo) -> zoneinfo.ZoneInfo:
        """Return the zone that days are meant in."""
        return zoneinfo.ZoneInfo(self.timezone) if self.timezone else workspace_zone


def _refuse_unknown_fields(parameters: Mapping[str, Sequence[str]], catalog: Catalog) -> None:
    """Raise InvalidParameterError for a filter by an own field that there is not, as in a link to a deleted one."""
    for name in parameters:
        if name.startswith(PARAMETER_PREFIX) and name not in catalog.parameters:
            own = catalog.own_fields_by_name.get(name.split(".")[1])
            if own is not None and not own.archived:
                hint = nearest(
                    name, [each for each in catalog.parameters if f"{each}.".startswith(f"{own.parameter}.")]
                )
                raise InvalidParameterError(
                    name[:60], ParameterCode.NO_FILTER_OF_FIELD, name=own.name, type=own.type.value, hint=hint
                )
            hint = nearest(name, [each for each in catalog.parameters if each.startswith(PARAMETER_PREFIX)])
            raise InvalidParameterError(name[:60], ParameterCode.NO_SUCH_FIELD, hint=hint)


def _parse_predicates(parameters: Mapping[str, Sequence[str]], catalog: Catalog) -> tuple[Predicate, ...]:
    """Read what is asked for in each dimension. Raises InvalidParameterError naming the parameter."""
    values_by_dimension = {each: values for each in catalog.filters if (values := parameters.get(each.parameter))}
    if not values_by_dimension:
        return ()
    named = {
        each: tuple(dict.fromkeys(values))
        for each, values in values_by_dimension.items()
        if not isinstance(each, EnumDimension)
    }
    if sum(map(len, named.values())) > MAX_VALUES:  # before each of them is looked at
        last = list(named)[-1].parameter
        raise InvalidParameterError(last, ParameterCode.TOO_MANY_IDS, most=f"{MAX_VALUES:,}")
    return tuple(
        Predicate(each.name, _parse_ids(each, values)) for each, values in (values_by_dimension | named).items()
    )


def _parse_ids(dimension: Dimension, values: Sequence[str]) -> tuple[str, ...]:
    """Read the ids asked for in a dimension."""
    name = dimension.parameter
    if isinstance(dimension, FlagDimension):
        return ("true" if parse_flag(name, parse_single({name: values}, name)) else "false",)
    if isinstance(dimension, EnumDimension):
        return parse_choices(name, values, [each.id for each in dimension.values])
    return tuple(clean(name, value) for value in values)


def parse_choices(parameter: str, values: Sequence[str], choices: Sequence[str]) -> tuple[str, ...]:
    """Read values that must be among some choices, each once, without regard to case.

    Raises InvalidParameterError naming the parameter.
    """
    by_folded = {each.casefold(): each for each in choices}
    chosen = []
    for value in values:
        if value.casefold() not in by_folded:
            hint, known = nearest(value, choices), ", ".join(choices)
            raise InvalidParameterError(parameter, ParameterCode.NOT_KNOWN, value=value[:60], hint=hint, known=known)
        chosen.append(by_folded[value.casefold()])
    return tuple(dict.fromkeys(chosen))


def parse_moment(parameter: str, text: str | None, zone: zoneinfo.ZoneInfo, *, is_last: bool) -> Moment | None:
    """Read an end of a period: an ISO 8601 calendar date, which means the whole day, or a date-time, that instant.

    Both may be in the basic form (`20240131`); a date-time without an offset is meant in `zone`; 24:00 is the beginning
    of the next day. Week dates and ordinal dates are refused with the calendar dates that they mean. None for None.

    Raises InvalidParameterError naming the parameter, for an end after which or before which no evaluation may lie too.
    """
    if text is None:
        return None
    # An offset's plus sign reaches us as a space where a link was not encoded.
    written = text.replace(" ", "+") if "T" in text.upper() else text
    try:
        moment: Moment = iso_dates.parse_moment(written)
    except (ValueError, OverflowError):
        raise _no_date(parameter, text, ParameterCode.NOT_A_MOMENT) from None
    if isinstance(moment, datetime) and moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return _within_reach(parameter, text, moment, is_last=is_last)


def parse_day(parameter: str, text: str | None, *, is_last: bool) -> date | None:
    """Read an end of a period that is an ISO 8601 calendar date; None for None.

    Raises InvalidParameterError as `parse_moment` does.
    """
    if text is None:
        return None
    try:
        day = iso_dates.parse_date(text)
    except ValueError:
        raise _no_date(parameter, text, ParameterCode.NOT_A_DAY) from None
    return _within_reach(parameter, text, day, is_last=is_last)


def _within_reach(parameter: str, text: str, moment: Moment, *, is_last: bool) -> Moment:
    """Return an end within the years that evaluations lie in: one that reaches beyond them says the same.

    Raises InvalidParameterError where all of the period lies outside.
    """
    if FIRST_DAY.year <= moment.year <= LAST_DAY.year:
        return moment
    is_before = moment.year < FIRST_DAY.year
    if is_before == is_last:
        first, last = str(FIRST_DAY), str(LAST_DAY)
        raise InvalidParameterError(parameter, ParameterCode.OUT_OF_REACH, value=_shown(text), first=first, last=last)
    return FIRST_DAY if is_before else LAST_DAY


def _no_date(parameter: str, text: str, code: ParameterCode) -> InvalidParameterError:
    """Return the error of what is no date; of the code, where it names no days either."""
    days, shown = iso_dates.named_days(text), _shown(text)
    if days is None:
        return InvalidParameterError(parameter, code, value=shown)
    first, last = map(str, days)
    if first == last:
        return InvalidParameterError(parameter, ParameterCode.NOT_A_CALENDAR_DATE, value=shown, day=first)
    return InvalidParameterError(parameter, ParameterCode.A_WEEK, value=shown, first=first, last=last)


def parse_single(parameters: Mapping[str, Sequence[str]], name: str) -> str | None:
    """Read a parameter that may be given once; None where it is absent. Raises InvalidParameterError naming it."""
    values = parameters.get(name) or ()
    if len(values) > 1:
        raise InvalidParameterError(name, ParameterCode.GIVEN_OFTEN, count=len(values))
    return clean(name, values[0]) if values else None


def parse_whole_number(parameters: Mapping[str, Sequence[str]], name: str, default: int, most: int) -> int:
    """Read a parameter from 1 to `most` that may be given once; `default` where it is absent.

    Raises InvalidParameterError naming the parameter.
    """
    text = parse_single(parameters, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most):
        raise InvalidParameterError(name, ParameterCode.NOT_A_WHOLE_NUMBER, value=text[:60], most=most)
    return int(text)


def parse_flag(parameter: str, text: str | None) -> bool | None:
    """Read `true` or `false`; None for None. Raises InvalidParameterError naming the parameter."""
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise InvalidParameterError(parameter, ParameterCode.NOT_TRUE_OR_FALSE, value=_shown(text))
    return text.lower() == "true"


def first_instant(moment: Moment, zone: zoneinfo.ZoneInfo) -> datetime:
    """Return the first instant of a period that begins with `moment`."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else day_start(moment, zone)


def last_instant(moment: Moment, zone: zoneinfo.ZoneInfo) -> datetime:
    """Return the last instant of a period that ends with `moment`."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return day_start(moment + ONE_DAY, zone) - timedelta(microseconds=1)


def local_date(moment: Moment, zone: zoneinfo.ZoneInfo) -> date:
    """Return the calendar day that a moment falls on in a zone."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def clean(name: str, value: str) -> str:
    """Return a parameter's value as imports keep texts: in NFC, and else as it is.

    Raises InvalidParameterError for what is longer than any id, and for what no database can hold.
    """
    if len(value) > MAX_VALUE_LENGTH:
        characters, most = f"{len(value):,}", f"{MAX_VALUE_LENGTH:,}"
        raise InvalidParameterError(name, ParameterCode.VALUE_TOO_LONG, characters=characters, most=most)
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidParameterError(name, ParameterCode.VALUE_UNHOLDABLE)
    return unicodedata.normalize("NFC", value)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
