"""Sample data: a believable company, the same for the same rows, seed and last day.

Five call centers, a dozen campaigns, thirty engagements, two hundred executives, six evaluators. Made day by day, so that any number
of rows streams. What happens in it, so that every page has something to show:

* executives learn in their first months, change campaign, join and leave; some have very few calls;
* AI answers a growing part of the calls;
* Lima Norte has a bad fortnight, two months before the end;
* in Technical Support every engagement improves over the last quarter (the last 90 days against the 90 before), while
  the calls shift to the harder one, so that the campaign's average falls: by engagement, the mix hides an improvement
  (Simpson's paradox), in that campaign as in the whole;
* evaluators are strict or lenient, and the strictest evaluates the easy campaigns most, so that the average of what
  each evaluated misleads, and like for like does not; customer care and support have a new form since the middle,
  whose answers to criteria are in `sample_answers`; `sample_fields` has the own fields;
* some evaluations failed, and the newest are still pending.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.timezones import Zones
from lib.catalog.catalog import Catalog
from lib.catalog.fields import FieldType
from lib.ingest.answer_rows import RESULTS
from lib.ingest.converter import staged_schema
from lib.ingest.sample_answers import sample_answers
from lib.ingest.sample_fields import sample_values
from lib.store.enums import OWN_SCALE, SCORE_SCALE, YES, Sentiment, State

FIRST_DAY = date(2024, 1, 1)
DEFAULT_ROWS = 200_000
DEFAULT_SEED = 1

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class _Center:
    id: str
    name: str
    zone: str
    weight: float
    level: float


@dataclass(frozen=True, slots=True)
class _Campaign:
    id: str
    name: str
    begins: float  # share of the whole period
    ends: float
    weight: float
    level: float
    seconds: int
    months: tuple[int, ...] = tuple(range(1, 13))
    engagements: tuple[tuple[str, float], ...] = ()  # name, and how much better or worse than the campaign


@dataclass(frozen=True, slots=True)
class _Evaluator:
    id: str
    name: str
    strictness: float  # added to the scores
    hours: float  # from a call to its evaluation, on average
    easy: float  # how much rather than others it evaluates the easy campaigns; below 1, the hard ones


_EVALUATORS = (
    _Evaluator("qa_01", "Elena Vargas", 0.0, 6, 1.0),
    _Evaluator("qa_02", "Rodrigo Peña", -0.5, 20, 3.0),
    _Evaluator("qa_03", "Carla Ibáñez", 0.4, 9, 0.4),
    _Evaluator("qa_04", "Hugo Salas", 0.1, 30, 1.0),
    _Evaluator("qa_05", "Noelia Prieto", -0.1, 4, 0.8),
    _Evaluator("qa_06", "Bruno Castaño", 0.2, 52, 1.2),
)
_FORMS = ("Service v2", "Service v3", "Sales v1")
_NEW_SERVICE_FORM = 1  # its place; its answers to criteria are there
_NEW_FORM = 0.5
"""The share of the period after which the new form holds."""

_CENTERS = (
    _Center("cc_scl", "Santiago Central", "America/Santiago", 0.32, 0.25),
    _Center("cc_lim", "Lima Norte", "America/Lima", 0.22, -0.05),
    _Center("cc_bog", "Bogotá Centro", "America/Bogota", 0.20, 0.05),
    _Center("cc_mex", "Ciudad de México Sur", "America/Mexico_City", 0.16, -0.20),
    _Center("cc_mad", "Madrid Este", "Europe/Madrid", 0.10, 0.10),
)

_CAMPAIGNS = (
    _Campaign("camp_701", "Customer Care", 0.0, 1.0, 1.6, 7.6, 340, engagements=(("Care – general", 0.1), ("Care – complaints", -0.6), ("Care – orders", 0.3))),
    _Campaign("camp_702", "Technical Support", 0.0, 1.0, 1.5, 7.4, 470, engagements=(("Support – first line", 0.9), ("Support – network faults", -1.5))),
    _Campaign("camp_703", "Billing Questions", 0.0, 1.0, 1.1, 7.2, 290, engagements=(("Billing – invoices", 0.2), ("Billing – disputes", -0.5), ("Billing – payment plans", 0.1))),
    _Campaign("camp_704", "Retention", 0.0, 1.0, 0.8, 6.9, 420, engagements=(("Retention – mobile", 0.1), ("Retention – fibre", -0.1), ("Win-back", -0.4))),
    _Campaign("camp_789", "Q1 Outbound Sales", 0.0, 1.0, 1.4, 8.1, 260, (1, 2, 3), (("Outbound – new customers", -0.2), ("Outbound – upgrades", 0.3))),
    _Campaign("camp_705", "Welcome Calls", 0.05, 0.80, 0.6, 8.4, 180, engagements=(("Welcome – day 3", 0.1), ("Welcome – day 30", -0.1))),
    _Campaign("camp_706", "Fibre Launch", 0.20, 0.55, 0.9, 7.7, 310, engagements=(("Fibre – interest", 0.2), ("Fibre – appointments", 0.0), ("Fibre – after installation", -0.4))),
    _Campaign("camp_707", "Satisfaction Survey", 0.30, 0.95, 0.5, 8.0, 150, engagements=(("Survey – quarterly", 0.0), ("Survey – after repair", -0.3))),
    _Campaign("camp_708", "Insurance Cross-sell", 0.45, 1.0, 0.7, 6.8, 360, engagements=(("Insurance – devices", 0.1), ("Insurance – travel", 0.2), ("Insurance – home", -0.3))),
    _Campaign("camp_709", "Holiday Offers", 0.0, 1.0, 0.9, 7.9, 220, (11, 12), (("Holiday – mobile", 0.1), ("Holiday – bundles", -0.1))),
    _Campaign("camp_710", "Collections", 0.10, 1.0, 0.7, 6.4, 280, engagements=(("Collections – early", 0.3), ("Collections – late", -0.5), ("Collections – agreements", 0.2))),
    _Campaign("camp_711", "5G Upgrade", 0.70, 1.0, 0.8, 7.8, 300, engagements=(("5G – offers", 0.1), ("5G – activation", -0.2))),
)  # fmt: skip
_SUPPORT = 1  # Technical Support's place above
_BILLING = 2  # Billing Questions'
_TROUBLED = 1  # Lima Norte's
_EASY = 7.6  # the level from which a campaign is easy
_SERVICE = frozenset({"camp_701", "camp_702", "camp_703", "camp_704", "camp_710"})  # the others sell

_FIRST_NAMES = [
    "Camila", "Mateo", "Valentina", "Diego", "Sofía", "Sebastián", "Isabella", "Nicolás", "Martina", "Benjamín",
    "Lucía", "Joaquín", "Fernanda", "Andrés", "Daniela", "Tomás", "Gabriela", "Felipe", "Paula", "Ignacio",
]  # fmt: skip
_LAST_NAMES = [
    "Rojas", "Quispe", "Muñoz", "García", "Contreras", "Silva", "Martínez", "Sepúlveda", "Morales", "Rodríguez",
    "López", "Fuentes", "Hernández", "Torres", "Araya",
]  # fmt: skip
_WEEKDAYS = (1.15, 1.12, 1.05, 1.02, 1.0, 0.45, 0.18)
_MONTHS = (0.98, 0.90, 1.03, 1.0, 1.02, 0.97, 0.95, 0.98, 1.02, 1.05, 1.12, 1.08)
_EXECUTIVES = 200


@dataclass(frozen=True, slots=True)
class _Staff:
    """The executives, as arrays: one place each."""

    center: Array
    skill: Array
    joined: Array  # day of the period
    left: Array
    weight: Array
    campaigns: Array  # executive × block of days: the campaign's place


@dataclass(frozen=True, slots=True)
class _DayPlan:
    """What every day is made by."""

    seed: int
    days: int
    staff: _Staff
    zones: Zones
    catalog: Catalog
    answered: float  # the share of the new form's evaluations whose answers are there


_BLOCK_DAYS = 120
_MOST_ANSWERED = 250_000  # of more evaluations, the answers of some: what they show stays the same


def batches(
    rows: int, seed: int, last_day: date, workspace_zone: ZoneInfo, catalog: Catalog
) -> Iterator[pa.RecordBatch]:
    """Yield `rows` evaluations from FIRST_DAY to `last_day`, as checked rows, a batch for each few days."""
    days = (last_day - FIRST_DAY).days + 1
    if days < 1:
        raise ValueError(f"the last day lies before {FIRST_DAY}")
    schema = staged_schema(catalog)
    zones, answered = Zones(ZoneInfo("UTC"), workspace_zone), min(1.0, _MOST_ANSWERED / rows)
    plan = _DayPlan(seed, days, _staff(seed, days), zones, catalog, answered)
    weights = np.array([_volume(FIRST_DAY + timedelta(days=number), number / days) for number in range(days)])
    bounds = np.floor(np.cumsum(weights) / weights.sum() * rows + 0.5).astype(np.int64)
    bounds[-1] = rows
    before = 0
    for number in range(days):
        count = int(bounds[number] - before)
        if count:
            columns = _day(number, count, before, plan)
            # Made-up evaluations belong to nothing of what the day does not name.
            arrays = [columns.get(field.name, pa.nulls(count, field.type)) for field in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        before = int(bounds[number])


def _volume(day: date, share: float) -> float:
    holiday = 0.15 if (day.month, day.day) in ((1, 1), (5, 1), (12, 25)) else 1.0
    return _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * holiday * (0.8 + 0.5 * share)


def _staff(seed: int, days: int) -> _Staff:
    random = np.random.default_rng([seed, 0])
    joined = np.where(random.random(_EXECUTIVES) < 0.55, 0, random.integers(0, max(1, days - 10), _EXECUTIVES))
    stays = random.exponential(900, _EXECUTIVES).astype(np.int64) + 60
    left = np.minimum(joined + stays, days)
    weight = random.uniform(0.6, 1.4, _EXECUTIVES)
    weight[-12:] = 0.02  # part-time experts
    joined[-16:-12], left[-16:-12] = max(0, days - 6), days  # the newest
    joined[:60], left[:60] = 0, days  # somebody is always there
    blocks = days // _BLOCK_DAYS + 1
    return _Staff(
        center=random.choice(len(_CENTERS), _EXECUTIVES, p=[center.weight for center in _CENTERS]),
        skill=random.normal(0, 0.45, _EXECUTIVES),
        joined=joined,
        left=left,
        weight=weight,
        campaigns=random.integers(0, len(_CAMPAIGNS), (_EXECUTIVES, blocks, 3)),
    )


def _day(number: int, count: int, before: int, plan: _DayPlan) -> dict[str, pa.Array]:
    """Return one day's evaluations, as columns of checked rows."""
    seed, days, staff, zones = plan.seed, plan.days, plan.staff, plan.zones
    random = np.random.default_rng([seed, 1, number])
    day = FIRST_DAY + timedelta(days=number)
    share = number / days
    running = np.array(
        [each.begins <= share <= each.ends and day.month in each.months for each in _CAMPAIGNS], dtype=bool
    )
    popularity = np.array([each.weight for each in _CAMPAIGNS]) * running
    present = (staff.joined <= number) & (number < staff.left)
    chances = staff.weight * present
    executive = random.choice(_EXECUTIVES, count, p=chances / chances.sum())
    center = staff.center[executive]

    # Mostly one of the campaigns that the executive has in these months; else any that runs.
    own = staff.campaigns[executive, number // _BLOCK_DAYS, random.integers(0, 3, count)]
    anyone = random.choice(len(_CAMPAIGNS), count, p=popularity / popularity.sum())
    campaign = np.where(running[own] & (random.random(count) < 0.7), own, anyone)

    by_question = np.random.default_rng([seed, 3, number])
    evaluator, form = _evaluated(np.random.default_rng([seed, 2, number]), campaign, share)

    last_quarter = days - number <= 90
    engagement, engagement_level = _engagements(random, campaign, last_quarter)
    is_ai = random.random(count) < 0.02 + 0.33 * share**1.5

    experience = np.clip((number - staff.joined[executive]) / 120, 0, 1)
    learned = np.where(staff.joined[executive] > 0, -0.7 * (1 - experience), 0.0)
    troubled = (center == _TROUBLED) & (60 <= days - number < 74)
    level = (
        np.array([each.level for each in _CAMPAIGNS])[campaign]
        + engagement_level
        + np.array([each.level for each in _CENTERS])[center]
        + np.where(is_ai, 0.1 - 0.4 * (campaign == 3), staff.skill[executive] + learned)
        + np.array([each.strictness for each in _EVALUATORS])[evaluator]
        - 1.3 * troubled
        + 0.15 * share
    )
    score = np.clip(np.round(level + random.normal(0, 1.35, count), 1), 0, 10)

    age = days - number
    draw = random.random(count)
    pending = 0.45 if age <= 2 else 0.12 if age <= 5 else 0.004
    failing = np.where(troubled, 0.08, 0.022)
    state = np.where(
        draw < pending,
        State.Pending,
        np.where(
            draw < pending + 0.006,
            State.Processing,
            np.where(draw > 1 - failing, State.Failed, State.Completed),
        ),
    ).astype(np.int16)
    completed = state == State.Completed
    unscored = random.random(count) < 0.012
    mood = score + random.normal(0, 1.1, count)
    sentiment = np.where(mood > 7.4, Sentiment.Positive, np.where(mood > 5.6, Sentiment.Neutral, Sentiment.Negative))
    seconds = np.array([each.seconds for each in _CAMPAIGNS])[campaign] * np.where(is_ai, 0.8, 1.0)
    duration = np.clip(random.lognormal(np.log(seconds) - 0.15, 0.55), 8, 7200).astype(np.int32)
    hour = np.where(random.random(count) < 0.55, random.normal(11, 1.6, count), random.normal(16.5, 1.8, count))
    local = np.sort(np.clip(hour, 7.0, 21.5)) * 3600
    offsets = np.array([_offset(each.zone, day) for each in _CENTERS])[center]
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    audio_us = (midnight + local - offsets).astype(np.int64) * 1_000_000
    waited = random.exponential(5400, count)
    created_us = audio_us + (duration + waited).astype(np.int64) * 1_000_000
    pace = np.array([each.hours for each in _EVALUATORS])[evaluator]
    evaluated_us = audio_us + (duration + waited * pace / 1.5).astype(np.int64) * 1_000_000

    numbers = pa.array(np.arange(before + 1, before + count + 1)).cast(pa.string())
    digits = pc.utf8_lpad(numbers, 9, "0")
    centers, campaigns = _names(_CENTERS), _names(_CAMPAIGNS)
    return {
        "seq": pa.array(np.arange(before, before + count)),
        "id": pc.binary_join_element_wise("ev_", digits, ""),
        "audio_at": pa.array(audio_us).cast(pa.timestamp("us")),
        "day": pa.array(zones.days(audio_us).astype(np.int32)).cast(pa.date32()),
        "state": pa.array(state),
        "sentiment": pa.array(sentiment.astype(np.int16), mask=~completed | (random.random(count) < 0.02)),
        "score": pa.array(np.round(score * SCORE_SCALE).astype(np.int32), mask=~completed | unscored),
        "duration_seconds": pa.array(duration, mask=~completed),
        "is_ai": pa.array(is_ai),
        "campaign_id": _repeated(campaigns[0], campaign),
        "campaign_name": _repeated(campaigns[1], campaign),
        "call_center_id": _repeated(centers[0], center),
        "call_center_name": _repeated(centers[1], center),
        "engagement_id": _repeated(_ENGAGEMENT_IDS, engagement),
        "engagement_name": _repeated(_ENGAGEMENT_NAMES, engagement),
        "executive_id": _repeated(_EXECUTIVE_IDS, executive),
        "executive_name": _repeated(_EXECUTIVE_NAMES, executive),
        "audio_file_name": pc.binary_join_element_wise("call_", digits, ".wav", ""),
        "evaluator_id": _repeated(_EVALUATOR_IDS, evaluator, ~completed),
        "evaluator_name": _repeated(_EVALUATOR_NAMES, evaluator, ~completed),
        "form_id": _repeated(_FORMS, form, ~completed),
        "form_name": _repeated(_FORMS, form, ~completed),
        "created_at": pa.array(created_us).cast(pa.timestamp("us")),
        "evaluated_at": pa.array(evaluated_us, mask=~completed).cast(pa.timestamp("us")),
        RESULTS: sample_answers(
            by_question,
            score,
            completed & ~unscored & (form == _NEW_SERVICE_FORM) & (by_question.random(count) < plan.answered),
            (campaign == _BILLING) & last_quarter,
        ),
        **sample_values(np.random.default_rng([seed, 4, number]), plan.catalog, campaign, score, completed),
    }


def _evaluated(random: np.random.Generator, campaign: Array, share: float) -> tuple[Array, Array]:
    """Choose who evaluates each conversation, and by which form, the day being at a share of the period."""
    is_easy = np.array([each.level >= _EASY for each in _CAMPAIGNS])[campaign]
    liking = np.array([each.easy for each in _EVALUATORS])
    drawn = random.random(len(campaign))
    evaluator = np.where(
        is_easy,
        np.searchsorted(np.cumsum(liking) / liking.sum(), drawn, side="right"),
        np.searchsorted(np.cumsum(1 / liking) / (1 / liking).sum(), drawn, side="right"),
    )
    service = 1 if share >= _NEW_FORM else 0
    form = np.where(np.array([each.id in _SERVICE for each in _CAMPAIGNS])[campaign], service, 2)
    return np.minimum(evaluator, len(_EVALUATORS) - 1), form


def _engagements(random: np.random.Generator, campaign: Array, last_quarter: bool) -> tuple[Array, Array]:
    """Choose each evaluation's engagement, and how much it moves the score."""
    choices = np.array([len(each.engagements) for each in _CAMPAIGNS])
    draw = random.random(len(campaign))
    place = np.floor(draw**1.4 * choices[campaign]).astype(np.int64)  # the first is the largest
    support = campaign == _SUPPORT
    hard = draw > (0.30 if last_quarter else 0.72)
    place = np.where(support, hard.astype(np.int64), place)
    engagement = _FIRST_ENGAGEMENT[campaign] + place
    level = _ENGAGEMENT_LEVELS[engagement]
    return engagement, np.where(support & last_quarter, level + 0.5, level)


def _names(entries: tuple[_Center, ...] | tuple[_Campaign, ...]) -> tuple[list[str], list[str]]:
    return [each.id for each in entries], [each.name for each in entries]


def _repeated(values: Sequence[str], places: Array, missing: Array | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=missing), pa.array(values))


def _offset(zone: str, day: date) -> float:
    offset = datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() if offset else 0.0


_ENGAGEMENTS = [engagement for each in _CAMPAIGNS for engagement in each.engagements]
_ENGAGEMENT_NAMES = [name for name, _ in _ENGAGEMENTS]
_ENGAGEMENT_IDS = [f"eng_{number:03}" for number in range(101, 101 + len(_ENGAGEMENTS))]
_ENGAGEMENT_LEVELS = np.array([level for _, level in _ENGAGEMENTS])
_FIRST_ENGAGEMENT = np.cumsum([0, *(len(each.engagements) for each in _CAMPAIGNS[:-1])])
_EVALUATOR_IDS = [each.id for each in _EVALUATORS]
_EVALUATOR_NAMES = [each.name for each in _EVALUATORS]
_EXECUTIVE_IDS = [f"exec_{number:04}" for number in range(1001, 1001 + _EXECUTIVES)]
_EXECUTIVE_NAMES = [
    f"{_FIRST_NAMES[n % len(_FIRST_NAMES)]} {_LAST_NAMES[(n // len(_FIRST_NAMES) + 4 * (n % len(_FIRST_NAMES))) % len(_LAST_NAMES)]}"
    for n in range(_EXECUTIVES)
]


def canonical(batch: pa.RecordBatch, catalog: Catalog) -> pa.RecordBatch:
    """Return checked rows in the canonical columns, as a file to import holds them."""
    states = pa.array([None, *(member.name for member in State)])
    sentiments = pa.array([None, *(member.name for member in Sentiment)])
    columns = []
    for name, field in catalog.fields.items():
        column = batch.column(field.column)
        if name == "state":
            column = states.take(column)
        elif name == "sentiment":
            column = sentiments.take(column)
        elif name == "averageNote":
            column = pc.divide(column.cast(pa.float64()), float(SCORE_SCALE))
        elif field.kind is FieldType.NUMBER:
            column = pc.divide(column, OWN_SCALE)  # the sample has whole numbers
        elif field.kind is FieldType.YES_NO:
            column = pc.equal(column, YES)
        elif isinstance(column, pa.DictionaryArray):
            column = column.dictionary_decode()
        elif pa.types.is_timestamp(column.type):
            column = pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%SZ")
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=list(catalog.fields))
