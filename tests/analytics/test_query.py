"""Filters from and to URL parameters; what is refused, and how."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.grants import EVERYTHING
from lib.analytics.query import (
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    Filters,
    clean,
    parse_day,
    parse_single,
    parse_whole_number,
)
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, EVALUATOR, FORM, SENTIMENT, STATE
from lib.errors import InvalidParameterError
from tests.filters import make_filters

ZONE = ZoneInfo("America/Santiago")


def parse(**parameters: str | list[str]) -> Filters:
    listed = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return Filters.from_parameters(listed, ZONE, EVERYTHING, BUILT_IN)


def test_there_and_back() -> None:
    asked = {
        "dateFrom": ["2024-01-01"],
        "dateTo": ["2024-01-31T23:59:59+00:00"],
        "campaignId": ["a", "b&c=d"],
        "executiveId": ["ñ"],
        "isAICall": ["true"],
        "state": ["Failed", "Pending"],
        "sentiment": ["(none)"],
        "timezone": ["Europe/Madrid"],
    }
    found = Filters.from_parameters(asked, ZONE, EVERYTHING, BUILT_IN)
    assert found.to_parameters() == asked
    assert Filters.from_parameters(found.to_parameters(), ZONE, EVERYTHING, BUILT_IN) == found


def test_dates_and_instants() -> None:
    assert parse(dateFrom="2024-01-01").date_from == date(2024, 1, 1)
    assert parse(dateFrom="2024-01-01T10:00:00Z").date_from == datetime(2024, 1, 1, 10, tzinfo=UTC)
    lost_plus = parse(dateFrom="2024-01-01T10:00:00 02:00").date_from
    assert lost_plus == datetime(2024, 1, 1, 10, tzinfo=timezone(timedelta(hours=2)))
    without = parse(dateFrom="2024-01-01T10:00:00").date_from
    assert isinstance(without, datetime) and without.utcoffset() == timedelta(hours=-3)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2024-W05", "is a week; right would be its days, from 2024-01-29 to 2024-02-04."),
        ("2024-W05-1", "is not a calendar date; right would be 2024-01-29."),
        ("2024-W05T10:00Z", "is a week; right would be its days, from 2024-01-29 to 2024-02-04."),
        ("2024-031", "is not a calendar date; right would be 2024-01-31."),
        ("2024-01-31x10:00", "is not a date; right would be a date such as 2024-01-31 or a date-time such as"),
    ],
)
@pytest.mark.parametrize("name", ["dateFrom", "dateTo"])
def test_a_text_that_may_mean_other_days_is_refused(name: str, text: str, right: str) -> None:
    """A week is no Monday."""
    with pytest.raises(InvalidParameterError) as caught:
        parse(**{name: text})
    assert caught.value.parameter == name and caught.value.message.startswith(f"{name} '{text}' {right}")


def test_the_end_of_a_day_is_the_beginning_of_the_next() -> None:
    assert parse(dateTo="2024-01-31T24:00Z").date_to == datetime(2024, 2, 1, tzinfo=UTC)
    assert parse(dateTo="2099-12-31T24:00Z").date_to == parse(dateTo="9999-12-31").date_to == date(2099, 12, 31)


def test_a_day_alone() -> None:
    assert parse_day("compareFrom", "2024-01-31", is_last=False) == date(2024, 1, 31)
    assert parse_day("compareFrom", None, is_last=False) is None
    assert parse_day("compareFrom", "1801-01-31", is_last=False) == date(1970, 1, 1)
    assert parse_day("compareTo", "2101-01-31", is_last=True) == date(2099, 12, 31)
    for text in ("2024-W05", "2024-01-31T10:00", "soon", "2101-01-31"):
        with pytest.raises(InvalidParameterError):
            parse_day("compareFrom", text, is_last=False)
    with pytest.raises(InvalidParameterError, match="compareTo '1801-01-31' is out of reach"):
        parse_day("compareTo", "1801-01-31", is_last=True)


def test_far_ends_are_all_there_is() -> None:
    found = parse(dateFrom="0001-01-01", dateTo="9999-12-31T23:59:59-12:00")
    assert (found.date_from, found.date_to) == (date(1970, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"dateFrom": "1900-01-01", "dateTo": "1900-01-02"}, "dateTo"),
        ({"dateTo": "1969-12-31T23:59:59Z"}, "dateTo"),
        ({"dateFrom": "2100-01-01", "dateTo": "2100-02-01"}, "dateFrom"),
        ({"dateFrom": "2100-01-01"}, "dateFrom"),
    ],
)
def test_a_period_of_no_day_within_reach_is_no_other_period(parameters: dict[str, str], parameter: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        parse(**parameters)
    right = "is out of reach; right would be a date from 1970-01-01 to 2099-12-31."
    assert (caught.value.parameter, caught.value.message) == (
        parameter,
        f"{parameter} '{parameters[parameter]}' {right}",
    )


def test_an_open_period_may_reach_beyond() -> None:
    assert parse(dateFrom="1900-01-01").date_from == date(1970, 1, 1)
    assert parse(dateTo="2100-01-01").date_to == date(2099, 12, 31)


def test_nothing_asked_is_everything() -> None:
    assert parse() == make_filters()
    assert make_filters().to_parameters() == {}


def test_the_workspaces_zone_needs_no_saying() -> None:
    assert parse(timezone="America/Santiago").timezone is None


def test_an_instant_of_the_last_day_comes_before_its_end() -> None:
    assert parse(dateFrom="2024-01-31T22:00:00-03:00", dateTo="2024-01-31").date_to == date(2024, 1, 31)


@pytest.mark.parametrize(
    ("parameters", "parameter", "told"),
    [
        ({"dateFrom": "2024-13-01"}, "dateFrom", "is not a date"),
        ({"dateFrom": "yesterday"}, "dateFrom", "right would be"),
        ({"dateTo": ""}, "dateTo", "is not a date"),
        ({"timezone": "localtime"}, "timezone", "IANA"),
        ({"dateFrom": "2024-02-01", "dateTo": "2024-01-01"}, "dateFrom", "after dateTo"),
        ({"dateFrom": ["2024-01-01", "2024-01-02"]}, "dateFrom", "given 2 times"),
        ({"timezone": "Europe/Madird"}, "timezone", "did you mean 'Europe/Madrid'"),
        ({"isAICall": "perhaps"}, "isAICall", "neither true nor false"),
        ({"isAICall": ["true", "true"]}, "isAICall", "isAICall is given 2 times; it may be given once."),
        ({"campaignId": "a\x00b"}, "campaignId", "no text can hold"),
        ({"state": "Finished"}, "state", "state 'Finished' is not known"),
        ({"state": ["Failed", ""]}, "state", "right would be Pending, Processing, Completed, Failed."),
        (
            {"sentiment": "Postive"},
            "sentiment",
            "(did you mean 'Positive'?); right would be Positive, Neutral, Negative, (none).",
        ),
    ],
)
def test_refused(parameters: dict[str, str | list[str]], parameter: str, told: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        parse(**parameters)
    assert caught.value.parameter == parameter
    assert told in caught.value.message


def test_no_more_than_anybody_asks() -> None:
    ids = [f"c{number}" for number in range(MAX_VALUES)]
    assert len(Filters.from_parameters({"campaignId": ids}, ZONE, EVERYTHING, BUILT_IN).ids(CAMPAIGN)) == MAX_VALUES
    with pytest.raises(InvalidParameterError, match="more than 1,000 ids") as refused:
        Filters.from_parameters({"campaignId": ids, "executiveId": ["one"]}, ZONE, EVERYTHING, BUILT_IN)
    assert refused.value.parameter == "executiveId"
    for name in ("campaignId", "dateFrom", "timezone", "isAICall"):
        with pytest.raises(InvalidParameterError, match="at most 1,000") as refused:
            Filters.from_parameters({name: ["x" * (MAX_VALUE_LENGTH + 1)]}, ZONE, EVERYTHING, BUILT_IN)
        assert refused.value.parameter == name


def test_fixed_values_are_read_without_regard_to_case_and_each_once() -> None:
    found = parse(state=["failed", "PENDING", "Failed"], sentiment="(NONE)")
    assert (found.ids(STATE), found.ids(SENTIMENT)) == (("Failed", "Pending"), ("(none)",))


def test_the_order_of_predicates_makes_no_other_question() -> None:
    one = make_filters().narrowed(STATE, "Failed").narrowed(CAMPAIGN, "a", "b")
    assert one == make_filters().narrowed(CAMPAIGN, "a", "b").narrowed(STATE, "Failed")
    assert one == parse(state="failed", campaignId=["a", "b"]) and one.narrowed(STATE) == make_filters().narrowed(
        CAMPAIGN, "a", "b"
    )


@pytest.mark.parametrize(("parameters", "number"), [({}, 7), ({"size": ["1"]}, 1), ({"size": ["50"]}, 50)])
def test_whole_numbers(parameters: dict[str, list[str]], number: int) -> None:
    assert parse_whole_number(parameters, "size", 7, 50) == number


@pytest.mark.parametrize(
    "values",
    [["0"], ["51"], ["-1"], ["1.5"], [""], ["x"], ["²"], ["9" * 900]],
    ids=lambda each: each[0][:5],
)
def test_numbers_that_can_not_be(values: list[str]) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        parse_whole_number({"size": values}, "size", 7, 50)
    assert caught.value.parameter == "size" and len(str(caught.value)) < 150
    assert str(caught.value).endswith("is not a whole number from 1 to 50.")


def test_a_number_is_given_once() -> None:
    with pytest.raises(InvalidParameterError, match=r"^size is given 2 times; it may be given once\.$"):
        parse_whole_number({"size": ["2", "3"]}, "size", 7, 50)


def test_what_may_be_given_once() -> None:
    assert parse_single({}, "timezone") is None
    assert parse_single({"timezone": ["UTC"]}, "timezone") == "UTC"
    with pytest.raises(InvalidParameterError, match="timezone is given 2 times"):
        parse_single({"timezone": ["UTC", "UTC"]}, "timezone")


def test_an_id_is_found_in_whichever_form_its_accents_are_written() -> None:
    """An import keeps texts in NFC; who asks by the id that he sent may have written it in NFD, as macOS does."""
    asked = parse(evaluatorId=["Jose\u0301", "Ana"], form="Verso\u0303es")
    assert (asked.ids(EVALUATOR), asked.ids(FORM)) == (("Jos\u00e9", "Ana"), ("Vers\u00f5es",))
    assert clean("id", "e\u0301-1") == "\u00e9-1"
