"""Guesses a mapping from the first rows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from lib.catalog.catalog import Catalog
from lib.ingest.mapping import ColumnSource, FileOptions, Mapping, folded, is_plausible
from lib.ingest.reader_process import Preview
from lib.store.enums import Sentiment, State

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "id": ("callid", "conversationid", "evaluationid", "interactionid", "ticketid", "recordid", "uuid"),
    "audioDate": ("calldate", "date", "timestamp", "calltimestamp", "datetime", "starttime", "startedat", "calltime"),
    "state": ("status",),
    "sentiment": ("mood", "tone"),
    "averageNote": (
        "score",
        "averagescore",
        "rating",
        "csat",
        "csatscore",
        "note",
        "nota",
        "satisfactionrating",
        "qualityscore",
    ),
    "durationInSeconds": ("duration", "durationseconds", "callduration", "seconds", "talktime", "avgtalkduration"),
    "isAICall": ("ai", "isai", "bot", "isbot"),
    "campaignName": ("topic", "reason", "project"),
    "callCenterName": ("center", "centre", "site", "location"),
    "engagementName": ("channel", "queue"),
    "executiveName": ("agent", "agentname", "advisor", "representative"),
    "audioFileName": ("file", "filename", "recording", "audiofile"),
    "createdAt": ("created", "evaluatedat"),
}

_DATE_FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d",
)  # fmt: skip


def mapping(preview: Preview, options: FileOptions, catalog: Catalog) -> Mapping:
    """Return the mapping that the header and the first rows suggest."""
    by_folded = {folded(name): name for name in reversed(preview.header)}
    columns: dict[str, ColumnSource] = {}
    # A column that is called as a dimension is holds names of it.
    labels = {each.name_field: (folded(each.name),) for each in catalog.dimensions}
    for canonical, field in catalog.fields.items():
        known = (folded(canonical), *labels.get(canonical, ()), *_SYNONYMS.get(canonical, ()))
        found = next((by_folded[name] for name in known if name in by_folded), None)
        if found is None and canonical == "durationInSeconds":
            found = next((name for name in preview.header if "duration" in name.casefold()), None)
        if found is not None and not is_plausible(field.kind, _values(preview, ColumnSource((found,)))):
            continue
        if found is not None and all(found not in source.columns for source in columns.values()):
            columns[canonical] = ColumnSource((found,))
    if "id" not in columns:
        columns["id"] = ColumnSource(row=True)
    formats = _date_formats(_values(preview, columns.get("audioDate")))
    score = columns.get("averageNote")
    if score is not None:
        columns["averageNote"] = ColumnSource(score.columns, scale=_score_scale(_values(preview, score)))
    length = columns.get("durationInSeconds")
    if length is not None and "minute" in length.columns[0].casefold():
        columns["durationInSeconds"] = ColumnSource(length.columns, scale=Decimal(60))
    return Mapping(replace(options, date_formats=formats), columns, {})


def distinct(preview: Preview, source: ColumnSource | None, most: int = 24) -> list[str]:
    """Return the distinct values of a column in the first rows."""
    return list(dict.fromkeys(value for value in _values(preview, source) if value))[:most]


def unknown_values(preview: Preview, source: ColumnSource | None, canonical: str) -> list[str]:
    """Return the values of a state or sentiment column that stand for none of ours."""
    known = {member.name.casefold() for member in (State if canonical == "state" else Sentiment)}
    return [value for value in distinct(preview, source) if value.casefold() not in known]


def _values(preview: Preview, source: ColumnSource | None) -> list[str]:
    if source is None or len(source.columns) != 1 or source.columns[0] not in preview.header:
        return []
    place = preview.header.index(source.columns[0])
    return [row[place].strip() for row in preview.rows]


def _date_formats(values: Sequence[str]) -> tuple[str, ...]:
    """Return the one format that fits every value, where ISO 8601 does not."""
    texts = [value for value in values if value]
    if not texts or all(_fits(text, None) for text in texts):
        return ()
    return next(((form,) for form in _DATE_FORMATS if all(_fits(text, form) for text in texts)), ())


def _fits(text: str, form: str | None) -> bool:
    try:
        datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _score_scale(values: Sequence[str]) -> Decimal | None:
    """Return by what a score is to be multiplied: 0.1 where some exceed 10 and none exceeds 100."""
    try:
        scores = [Decimal(value) for value in values if value]
    except InvalidOperation:
        return None
    if not all(score.is_finite() for score in scores):  # "NaN" is a number to Decimal, and larger than none
        return None
    return Decimal("0.1") if 10 < max(scores, default=Decimal(0)) <= 100 else None
