"""Page parameters: what a page's URL, or its widgets, ask for, read by the parser of the API and within its limits.

Pure: knows neither Streamlit nor the session. `url_state.py` keeps what is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from lib.analytics import comparison
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters, parse_day, parse_single, parse_whole_number
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import PARAMETER_PREFIX
from lib.errors import InvalidParameterError, nearest
from lib.errors.codes import CodedText
from lib.errors.parameter_codes import ParameterCode
from lib.i18n import LANGUAGES
from lib.reports.page_links import ALL_TIME, OPENED, PERIOD, PERIOD_PARAMETERS, with_period
from lib.reports.pages import PAGES
from lib.reports.period_presets import DATES, check_preset, with_dates

PAUSED, AWAKE, KIOSK = LIVE_FLAGS = ("paused", "awake", "kiosk")
"""Whether the page Live rests, goes on while nobody sees it, and has no sidebar."""

SELECT_OPTIONS: dict[str, Callable[[Catalog], tuple[str, ...]]] = {
    "granularity": lambda _: tuple(each.value for each in Granularity),
    "compare": lambda _: comparison.KINDS,
    "lang": lambda _: tuple(LANGUAGES),
    **dict.fromkeys(LIVE_FLAGS, lambda _: ("true", "false")),
    **{select.parameter: select.values for page in PAGES.values() for select in page.selects},
}
"""How a page may show the selection: parameters, each with its options; the first, or a page's own, is the default."""

NUMBERS = {number.parameter: number for page in PAGES.values() for number in page.numbers}
"""Whole numbers that readers give on pages."""

SEARCHES = tuple(text.parameter for page in PAGES.values() for text in page.texts)
"""Texts that readers look for on pages."""

CHOICES = tuple(choice.parameter for page in PAGES.values() for choice in page.choices)
"""What is chosen on pages of what the data may have."""

TEXTS = (*SEARCHES, *CHOICES)
"""Parameters that may hold any text."""

LISTS = {each.parameter: each for page in PAGES.values() for each in page.lists}
"""Lists of which readers choose several options on pages."""

COMPARED_DAYS = ("compareFrom", "compareTo")
"""The first and last day of a comparison with own dates."""

PINNED = "link"
"""The pinned link by which a page was opened."""

SAVED_VIEW = "view"
"""The saved view that a link opens; it stands alone in it."""

SINGLE = (OPENED, PINNED)

PAGE = "page"
"""The page of a table, from 1."""

VIEW_PARAMETERS = frozenset({*SELECT_OPTIONS, *NUMBERS, *TEXTS, *LISTS, *COMPARED_DAYS, *SINGLE, PAGE, PERIOD})
"""What a link holds besides the filters."""

MAX_PAGE = 999_999_999

MAX_NAMED = 5
"""Unknown parameters that are named; others are counted."""

P = ParamSpec("P")
T = TypeVar("T")
Otherwise = TypeVar("Otherwise")


@dataclass(frozen=True, slots=True)
class PageParameters:
    """What a page is asked to show; what can't be is left out, and named in `problems`."""

    filters: Filters  # within everything: what the visitor may see is looked at when they are asked by
    selected: dict[str, str | None]  # by the names of SELECT_OPTIONS
    numbers: dict[str, int | None]  # by the names of NUMBERS
    texts: dict[str, str]  # by the names of TEXTS
    lists: dict[str, list[str]]  # by the names of LISTS
    compared: dict[str, date | None]  # by the names of COMPARED_DAYS
    single: dict[str, str]  # by the names of SINGLE
    page: int
    problems: tuple[CodedText, ...]


def complete(
    raw: Mapping[str, Sequence[str]], start: Mapping[str, list[str]], calendar: Calendar, catalog: Catalog
) -> dict[str, list[str]]:
    """Return a URL's parameters with the period that they mean: dates for a preset's name, as `calendar` has them.

    Where they say none, that is the `start` period, or all time where they choose some evaluations, as older links do.
    An unknown name stays, for `parse` to speak of, beside the `start` period.
    """
    if is_bare(raw, catalog):
        return {name: list(values) for name, values in (*raw.items(), *start.items())}
    try:
        return with_period(with_dates(raw, calendar))
    except InvalidParameterError:
        return {**start, **{name: list(values) for name, values in raw.items()}}


def shorten(
    parameters: Mapping[str, list[str]], start: Mapping[str, list[str]], catalog: Catalog
) -> dict[str, list[str]]:
    """Return the URL parameters without their period where it is the one that they begin with anyway."""
    bare = {name: values for name, values in parameters.items() if name not in PERIOD_PARAMETERS}
    return bare if is_bare(bare, catalog) and {**bare, **start} == parameters else dict(parameters)


def is_bare(parameters: Mapping[str, Sequence[str]], catalog: Catalog) -> bool:
    """Return whether the parameters of a link say no period and choose no evaluations."""
    choosing = (*PERIOD_PARAMETERS, *catalog.parameters, *SEARCHES, *SINGLE, SAVED_VIEW)
    return not any(name in choosing or name.startswith(PARAMETER_PREFIX) for name in parameters)


def parse(raw: Mapping[str, Sequence[str]], zone: ZoneInfo, catalog: Catalog) -> PageParameters:
    """Read parameters, each with its values in order, one by one: what can't be is passed over, and named."""
    reader = _Reader()
    reader.problems += _unknown(raw, catalog)
    reader.problems += _period_problems(raw)
    filters = Filters(grant=EVERYTHING, catalog=catalog)
    accepted: dict[str, Sequence[str]] = {}
    for name in ("timezone", *(each for each in catalog.parameters if each != "timezone")):
        candidate = {**accepted, name: raw.get(name, ())}
        read = reader.read(None, Filters.from_parameters, candidate, zone, EVERYTHING, catalog)
        if read is not None:
            filters, accepted = read, candidate
    return PageParameters(
        filters,
        selected={
            name: reader.read(None, _option, raw, name, options(catalog)) for name, options in SELECT_OPTIONS.items()
        },
        numbers={name: reader.read(None, _number, raw, name, number.most) for name, number in NUMBERS.items()},
        texts={name: reader.read("", parse_single, raw, name) or "" for name in TEXTS},
        lists={name: reader.read_list(raw, name, of.values(catalog)) for name, of in LISTS.items()},
        compared={name: reader.read(None, _day, raw, name) for name in COMPARED_DAYS},
        single={name: reader.read("", parse_single, raw, name) or "" for name in SINGLE},
        page=reader.read(1, parse_whole_number, raw, PAGE, 1, MAX_PAGE),
        problems=tuple(reader.problems),
    )


def _unknown(raw: Mapping[str, Sequence[str]], catalog: Catalog) -> list[CodedText]:
    """Return what is to be said of parameters that no page knows, with the nearest that one does."""
    known = (*catalog.parameters, *sorted(VIEW_PARAMETERS), SAVED_VIEW)
    names = [name for name in raw if name not in known]
    problems = [_unknown_name(name, known) for name in names[:MAX_NAMED]]
    if len(names) > MAX_NAMED:
        problems.append(ParameterCode.MORE_NOT_OF_A_PAGE.of(count=f"{len(names) - MAX_NAMED:,}"))
    if SAVED_VIEW in raw and set(raw) - {SAVED_VIEW, PERIOD}:  # all time is what a link with a view means anyway
        problems.append(ParameterCode.VIEW_WITH_OTHERS.of(parameter=SAVED_VIEW))
    return problems


def _period_problems(raw: Mapping[str, Sequence[str]]) -> list[CodedText]:
    """Return what is to be said of a period's name: that there is none of it, or that dates beside it count."""
    if PERIOD not in raw:
        return []
    try:
        check_preset(", ".join(raw[PERIOD]), ALL_TIME)
    except InvalidParameterError as error:
        values = error.reason.values
        value, hint, known = (values[name] for name in ("value", "hint", "known"))
        return [ParameterCode.NOT_A_PERIOD_OF_A_PAGE.of(value=value, hint=hint, known=known)]
    has_dates = any(name in raw for name in DATES)
    return [ParameterCode.PERIOD_WITH_DATES.of(parameter=PERIOD)] if has_dates else []


def _unknown_name(name: str, known: Sequence[str]) -> CodedText:
    """Return what is said of a name that no page knows: of an own field, that it may have been there."""
    if not name.startswith(PARAMETER_PREFIX):
        return ParameterCode.NOT_OF_A_PAGE.of(parameter=name[:60], hint=nearest(name, known))
    own = [each for each in known if each.startswith(PARAMETER_PREFIX)]
    return ParameterCode.NO_SUCH_FIELD.of(parameter=name[:60], hint=nearest(name, own))


def unknown_fields(raw: Mapping[str, Sequence[str]], catalog: Catalog) -> bool:
    """Return whether a URL filters by an own field that there is not, or not any more."""
    return any(name.startswith(PARAMETER_PREFIX) and name not in catalog.parameters for name in raw)


class _Reader:
    """Calls parsers, and notes what they refuse."""

    def __init__(self) -> None:
        self.problems: list[CodedText] = []

    def read(self, otherwise: Otherwise, parser: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Otherwise:
        """Return what a parser makes of its arguments; `otherwise` where it refuses them."""
        try:
            return parser(*args, **kwargs)
        except InvalidParameterError as error:
            self.problems.append(error.reason)
            return otherwise

    def read_list(self, raw: Mapping[str, Sequence[str]], name: str, known: Sequence[str]) -> list[str]:
        """Return the options of a list that are given, each once; the first one that is none is noted."""
        given = list(dict.fromkeys(raw.get(name, ())))
        if unknown := [value for value in given if value not in known]:
            self.read(None, _check_member, name, unknown[0], known)
        return [value for value in given if value in known]


def _option(raw: Mapping[str, Sequence[str]], name: str, known: Sequence[str]) -> str | None:
    value = parse_single(raw, name)
    if value is not None:
        _check_member(name, value, known)
    return value


def _check_member(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        shown = value[:60]
        if value.startswith(PARAMETER_PREFIX):  # of an own field: the others may be many
            own = [each for each in known if each.startswith(PARAMETER_PREFIX)]
            raise InvalidParameterError(shown, ParameterCode.NO_SUCH_FIELD, hint=nearest(shown, own))
        hint, listed = nearest(shown, known), ", ".join(known)
        raise InvalidParameterError(name, ParameterCode.NOT_OFFERED, value=shown, known=listed, hint=hint)


def _day(raw: Mapping[str, Sequence[str]], name: str) -> date | None:
    return parse_day(name, parse_single(raw, name), is_last=name == COMPARED_DAYS[1])


def _number(raw: Mapping[str, Sequence[str]], name: str, most: int) -> int | None:
    return parse_whole_number(raw, name, 0, most) or None
