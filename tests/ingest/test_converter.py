"""Whole columns at a time give what one value at a time gives."""

from __future__ import annotations

import gc
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics.timezones import Zones
from lib.catalog.catalog import BUILT_IN
from lib.ingest.converter import Batch, Converter
from lib.ingest.dates import instant
from lib.ingest.mapping_toml import read_mapping
from lib.ingest.parse_error import ValueParseError

ZONES = ["America/Santiago", "Europe/Madrid", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
_zones = {name: Zones(ZoneInfo(name), ZoneInfo(name)) for name in ZONES}


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


@given(st.sampled_from(ZONES), st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)))
def test_wall_clock_to_utc(name: str, wall: datetime) -> None:
    """Also in the gap and in the hour that comes twice: as `fold=0` has it."""
    naive = round((wall - datetime(1970, 1, 1)).total_seconds() * 1_000_000)
    found = _zones[name].to_utc(np.array([naive]))[0]
    assert abs(int(found) - microseconds(wall.replace(tzinfo=ZoneInfo(name)))) <= 1


def test_the_hour_that_comes_twice_and_the_one_that_does_not() -> None:
    madrid = _zones["Europe/Madrid"]
    for wall, utc in (
        (datetime(2024, 10, 27, 2, 30), datetime(2024, 10, 27, 0, 30)),  # the first of the two
        (datetime(2024, 10, 27, 3, 0), datetime(2024, 10, 27, 2, 0)),
        (datetime(2024, 3, 31, 2, 30), datetime(2024, 3, 31, 1, 30)),  # skipped: read with the offset before
        (datetime(2024, 3, 31, 3, 0), datetime(2024, 3, 31, 1, 0)),
    ):
        found = madrid.to_utc(np.array([microseconds(wall.replace(tzinfo=UTC))]))[0]
        assert int(found) == microseconds(utc.replace(tzinfo=UTC))


@given(st.sampled_from(ZONES), st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)))
def test_days(name: str, moment: datetime) -> None:
    instant = moment.replace(tzinfo=UTC)
    found = _zones[name].days(np.array([microseconds(instant)]))[0]
    assert date.fromordinal(date(1970, 1, 1).toordinal() + int(found)) == instant.astimezone(ZoneInfo(name)).date()


texts = st.one_of(
    st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1)).map(lambda moment: moment.isoformat()),
    st.datetimes(
        datetime(1980, 1, 1), datetime(2050, 1, 1), timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")])
    ).map(lambda moment: moment.isoformat()),
    st.dates(date(1980, 1, 1), date(2050, 1, 1)).map(date.isoformat),
    st.sampled_from(["2024-02-30", "nonsense", "20240102", "2024-1-2", "1950-01-01", "2024-01-01 10:00", ""]),
)


@pytest.mark.parametrize("alike", [True, False])
@given(data=st.data())
def test_dates_in_batches_are_dates_alone(alike: bool, data: st.DataObject) -> None:
    """Where all fit Arrow's reading, and where one does not, a text becomes the same instant or is refused."""
    values = [data.draw(texts)] * 3 if alike else data.draw(st.lists(texts, min_size=1, max_size=8))
    zone = ZoneInfo("America/Santiago")
    mapping = read_mapping('columns = { id = "id", audioDate = "when" }', BUILT_IN)
    converter = Converter(mapping, ("id", "when"), _zones["America/Santiago"], BUILT_IN)
    ids = [str(number) for number in range(len(values))]
    found = converter.convert(Batch("f", np.arange(len(values)), (pa.array(ids), pa.array(values, pa.string()))), 0)
    expected = {}
    for number, value in zip(ids, values, strict=True):
        try:
            moment = instant(value)
        except ValueParseError:
            continue
        expected[number] = microseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    rows = found.rows.to_pydict()
    assert (
        dict(zip(rows["id"], [microseconds(at.replace(tzinfo=UTC)) for at in rows["audio_at"]], strict=True))
        == expected
    )
    assert len(found.bad) == len(values) - len(expected)


def test_a_batch_goes_once_it_is_converted() -> None:
    """Python need not look for cycles: what is wrong with a value holds none of the batch that it was in."""
    mapping = read_mapping("[criteria]\nGreeting = { column = 'q', max = 1 }", BUILT_IN)
    header = ("id", "audioDate", "averageNote", "q")
    resolved = mapping.resolve(BUILT_IN, header, "f", lambda _: ())
    columns = (pa.array(["a"]), pa.array(["2024-01-01"]), pa.array(["eleven"]), pa.array(["two"]))
    gc.collect()
    gc.disable()
    try:
        converter = Converter(resolved, header, _zones["UTC"], BUILT_IN)
        found = converter.convert(Batch("f", np.array([1]), columns), 0)
        assert [problem.value for problem in found.problems] == ["eleven", "two"]
        del found, columns
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        held = [type(each).__name__ for each in gc.garbage if isinstance(each, pa.Array)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert held == []
