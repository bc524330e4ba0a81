"""Parameters of pages: read one by one, within the API's limits; what can't be is left out and named."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.calendar import Calendar
from lib.analytics.query import MAX_VALUES
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, IS_AI, STATE
from lib.catalog.own_fields import OwnField, OwnFieldType, catalog_with
from lib.reports import page_parameters
from lib.reports.page_parameters import MAX_NAMED, MAX_PAGE, PageParameters
from tests.filters import make_filters

ZONE = ZoneInfo("UTC")


def parse(raw: dict[str, list[str]]) -> PageParameters:
    return page_parameters.parse(raw, ZONE, BUILT_IN)


def one_problem(**raw: list[str]) -> str:
    """Return what is said of parameters of which one can't be."""
    parsed = parse(raw)
    assert len(parsed.problems) == 1
    return str(parsed.problems[0])


def test_nothing_asked_for() -> None:
    parsed = parse({})
    assert parsed.filters == make_filters() and not parsed.problems and parsed.page == 1
    assert set(parsed.selected.values()) == {None} and set(parsed.single.values()) == {""}


def test_all_of_it() -> None:
    parsed = parse(
        {
            "dateFrom": ["2024-01-01"],
            "campaignId": ["a", "b", "a"],
            "isAICall": ["true"],
            "metric": ["failureRate"],
            "state": ["Failed", "Pending", "Failed"],
            "compare": ["own"],
            "compareFrom": ["2023-01-01"],
            "compareTo": ["2023-01-31"],
            "open": ["a"],
            "callsHandled": ["50000"],
            "page": ["7"],
        },
    )
    assert parsed == PageParameters(
        make_filters(date(2024, 1, 1))
        .narrowed(CAMPAIGN, "a", "b")
        .narrowed(IS_AI, "true")
        .narrowed(STATE, "Failed", "Pending"),
        {**dict.fromkeys(parsed.selected), "metric": "failureRate", "compare": "own"},
        {"callsHandled": 50_000},
        {"search": "", "criterion": ""},
        {"columns": []},
        {"compareFrom": date(2023, 1, 1), "compareTo": date(2023, 1, 31)},
        {"open": "a", "link": ""},
        7,
        (),
    )


def test_what_can_not_be_leaves_the_rest() -> None:
    parsed = parse({"dateFrom": ["x"], "campaignId": ["a"], "state": ["Failed", "fail"], "page": ["0"]})
    assert parsed.filters == make_filters().narrowed(CAMPAIGN, "a") and parsed.page == 1
    assert [str(problem).partition(" ")[0] for problem in parsed.problems] == ["dateFrom", "state", "page"]


def test_days_are_read_in_the_zone_asked_for() -> None:
    parsed = parse({"dateFrom": ["2024-01-01T00:00"], "timezone": ["Asia/Tokyo"]})
    assert parsed.filters.date_from is not None and str(parsed.filters.date_from) == "2024-01-01 00:00:00+09:00"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"campaignId": [f"x{number}" for number in range(MAX_VALUES + 1)]}, "more than 1,000 ids"),
        ({"executiveId": ["x" * 1_001]}, "executiveId has a value of 1,001 characters"),
        ({"granularity": ["hourly"]}, "granularity 'hourly' is none of daily, weekly, monthly"),
        ({"metric": ["averagescore"]}, "did you mean 'averageScore'?"),
        ({"metric": ["averageScore", "failureRate"]}, "metric is given 2 times"),
        ({"sentiment": ["x" * 5_000] * 3}, "right would be Positive, Neutral, Negative, (none)."),
        ({"compareTo": ["soon"]}, "compareTo 'soon' is not a date"),
        ({"compareTo": ["2024-W05"]}, "compareTo '2024-W05' is a week; right would be its days, from 2024-01-29"),
        ({"dateFrom": ["2024-W05"]}, "dateFrom '2024-W05' is a week; right would be its days, from 2024-01-29"),
        ({"open": ["a", "b"]}, "open is given 2 times"),
        ({"open": ["x" * 1_001]}, "open has a value of 1,001 characters"),
        ({"page": ["two"]}, f"page 'two' is not a whole number from 1 to {MAX_PAGE}"),
        ({"page": ["9" * 10]}, "is not a whole number"),
        ({"callsHandled": ["-5"]}, "callsHandled '-5' is not a whole number from 1 to 999999999"),
        ({"page": ["²"]}, "is not a whole number"),
    ],
)
def test_what_can_not_be_is_named(raw: dict[str, list[str]], says: str) -> None:
    problem = one_problem(**raw)
    assert says in problem and len(problem) < 400


@pytest.mark.parametrize(
    ("name", "known"),
    [("campaignid", "campaignId"), ("campaign", "campaignId"), ("pageSize", "page"), ("viev", "view")],
)
def test_an_unknown_name_is_named_with_the_nearest(name: str, known: str) -> None:
    """Passed over, all evaluations would be shown to one who was sent a link to some."""
    problem = one_problem(**{name: ["a"]})
    assert problem == f"'{name}' is not a parameter of a page (did you mean '{known}'?)."


def test_own_fields_that_are_not_there_are_named_and_leave_the_rest() -> None:
    catalog = catalog_with((OwnField(1, "channel", OwnFieldType.CATEGORY, "Channel"),))
    raw = {"field.chanel": ["chat"], "field.channel": ["mail"], "field.csat.min": ["2"], "split": ["field.gone"]}
    parsed = page_parameters.parse(raw, ZONE, catalog)
    assert parsed.filters.to_parameters() == {"field.channel": ["mail"]} and parsed.selected["split"] is None
    told = [str(problem) for problem in parsed.problems]
    names = ("field.chanel", "field.csat.min", "field.gone")
    assert [each.startswith(f"There is no field {name}") for each, name in zip(told, names, strict=True)] == [True] * 3
    assert told[0].endswith("(did you mean 'field.channel'?); it may have been deleted or archived.")
    assert page_parameters.unknown_fields(raw, catalog) and not page_parameters.unknown_fields({}, catalog)


def test_unknown_names_are_counted_where_there_are_many() -> None:
    problems = [*map(str, parse({f"{number}" + "x" * 1_000: ["a"] for number in range(5_000)}).problems)]
    assert len(problems) == MAX_NAMED + 1 and problems[-1] == "Other parameters that are not known: 4,995."
    assert all(len(problem) < 200 for problem in problems)


def test_a_saved_view_stands_alone() -> None:
    assert parse({"view": ["abcdefgh"]}).problems == ()
    assert one_problem(view=["abcdefgh"], lang=["es"]) == (
        "'view' opens a saved view; right would be a link that holds nothing else."
    )


def test_a_wrong_value_is_named_once() -> None:
    assert len(parse({"state": [f"x{number}" for number in range(10_000)]}).problems) == 1


START = {"dateFrom": ["2024-01-03"], "dateTo": ["2024-04-01"]}
ALL = {"period": ["all"]}
TODAY = Calendar(ZONE, "monday", date(2024, 4, 4))


@pytest.mark.parametrize("bare", [{}, {"lang": ["es"]}, {"metric": ["failureRate"], "page": ["2"]}])
def test_an_address_without_a_period_begins_with_the_start_period(bare: dict[str, list[str]]) -> None:
    assert page_parameters.complete(bare, START, TODAY, BUILT_IN) == bare | START
    assert page_parameters.shorten(bare | START, START, BUILT_IN) == bare
    assert page_parameters.shorten(bare | ALL, START, BUILT_IN) == bare | ALL
    assert page_parameters.complete(bare, ALL, TODAY, BUILT_IN) == bare | ALL
    assert page_parameters.shorten(bare | ALL, ALL, BUILT_IN) == bare


@pytest.mark.parametrize(
    "older",
    [
        {"campaignId": ["a"]},
        {"isAICall": ["true"]},
        {"timezone": ["Asia/Tokyo"]},
        {"averageNote.min": ["7"]},
        {"search": ["Ann"]},
        {"open": ["a"]},
        {"link": ["abcdefgh"]},
        {"view": ["abcdefgh"]},
        {"field.gone": ["x"]},
    ],
)
def test_older_links_that_choose_some_evaluations_mean_all_time(older: dict[str, list[str]]) -> None:
    assert page_parameters.complete(older, START, TODAY, BUILT_IN) == older | ALL
    assert page_parameters.shorten(older | START, START, BUILT_IN) == older | START


@pytest.mark.parametrize("period", [{"dateFrom": ["2024-01-01"]}, {"dateTo": ["x"]}, ALL])
def test_a_period_that_is_given_stands(period: dict[str, list[str]]) -> None:
    assert page_parameters.complete(period, START, TODAY, BUILT_IN) == period


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("yesterday", "2024-04-03", "2024-04-03"),
        ("last30", "2024-03-06", "2024-04-04"),
        ("lastWeek", "2024-03-25", "2024-03-31"),
        ("thisMonth", "2024-04-01", "2024-04-30"),
    ],
)
def test_the_name_of_a_period_means_the_dates_of_today(name: str, first: str, last: str) -> None:
    days = {"dateFrom": [first], "dateTo": [last]}
    for more in ({}, {"campaignId": ["a"]}, {"timezone": ["Nowhere/Land"]}):
        assert page_parameters.complete({"period": [name], **more}, START, TODAY, BUILT_IN) == {**more, **days}
    assert parse(page_parameters.complete({"period": [name]}, START, TODAY, BUILT_IN)).problems == ()


def test_the_name_of_a_period_means_days_of_the_zone_beside_it() -> None:
    """Somewhere it is another day than in Hawaii, whatever the time is."""
    days = set()
    for zone in ("Pacific/Honolulu", "Pacific/Kiritimati"):
        raw = {"period": ["today"], "timezone": [zone]}
        days.add(page_parameters.complete(raw, START, TODAY, BUILT_IN)["dateFrom"][0])
    assert len(days) == 2


@pytest.mark.parametrize("unknown", [["lastWek"], ["last7", "last30"], [""], ["all", "last7"]])
def test_an_unknown_period_is_said_and_pages_begin_as_ever(unknown: list[str]) -> None:
    raw = {"period": unknown, "campaignId": ["a"]}
    completed = page_parameters.complete(raw, START, TODAY, BUILT_IN)
    assert completed == raw | START
    (problem,) = parse(completed).problems
    assert str(problem).startswith(f"'{', '.join(unknown)}' is not a period")
    assert "the period that pages begin with. Right would be one of today, yesterday, last7," in str(problem)
    assert parse(completed).filters.date_from == date(2024, 1, 3)
    assert page_parameters.complete(raw, ALL, TODAY, BUILT_IN) == raw


def test_a_period_is_named_or_dates() -> None:
    assert parse(ALL).problems == () and parse(ALL).filters == make_filters()
    for name in ("all", "last7"):
        raw = {"period": [name], "dateTo": ["2024-01-01"]}
        assert page_parameters.complete(raw, START, TODAY, BUILT_IN) == raw
        assert one_problem(**raw) == (
            "'period' is given together with dates, and these count; right would be one of both."
        )


@pytest.mark.parametrize(
    ("raw", "ignored"),
    [
        ({"dateFrom": ["2100-01-01"], "dateTo": ["2100-02-01"]}, "dateFrom '2100-01-01'"),
        ({"dateFrom": ["1900-01-01"], "dateTo": ["1900-01-02"]}, "dateTo '1900-01-02'"),
        ({"compareFrom": ["2100-01-01"]}, "compareFrom '2100-01-01'"),
        ({"compareTo": ["1900-01-01"]}, "compareTo '1900-01-01'"),
    ],
)
def test_an_end_out_of_reach_is_named(raw: dict[str, list[str]], ignored: str) -> None:
    assert one_problem(**raw) == f"{ignored} is out of reach; right would be a date from 1970-01-01 to 2099-12-31."
