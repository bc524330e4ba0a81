"""Results of the query module as JSON: the fields' names, their order, their rounding."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response

from lib.analytics.breakdowns import Group
from lib.analytics.criteria import Answer, CriterionRow
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.queries import SelectionSummary, Trend
from lib.catalog.catalog import Catalog
from lib.catalog.criterion_metrics import AVERAGE_SHARE, CRITERION_METRICS
from lib.catalog.dimensions import EXECUTIVE, Dimension, FlagDimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE
from lib.web.request_headers import accepts, has_tag

_COMPRESSED_FROM, _COMPRESSION = 1024, 1
"""Bytes from which an answer is compressed, and how hard: the quickest way halves it already."""

_YES_NO = {"true": "Yes", "false": "No"}


def figures(sums: MeasureTotals, catalog: Catalog, tops: SelectionSummary | None = None) -> dict[str, Any]:
    """Return the figures of a selection in the reference's order; the tops where they belong."""
    beside: dict[str, dict[str, Any]] = {
        "averageScore": {"sentimentBreakdown": _counts(sums, "positive", "neutral", "negative")},
        "averageDurationSeconds": (
            {} if tops is None else {"topCampaign": tops.top_campaign, "topCallCenter": tops.top_call_center}
        ),
        "scoredEvaluations": {
            "averageScoreInterval": AVERAGE_SCORE.rounded_interval(sums),
            "stateBreakdown": _counts(sums, "pending", "processing", "completed", "failed"),
        },
    }
    values: dict[str, Any] = {}
    for name, metric in catalog.metrics.items():
        values[name] = metric.rounded(sums)
        values |= beside.get(name, {})
    return values


def _counts(sums: MeasureTotals, *names: str) -> dict[str, int]:
    return {name: sums[name] for name in names}


def period(which: ResolvedPeriod) -> dict[str, str | None]:
    """Return the dates in force."""
    ends = (which.date_from, which.date_to)
    first, last = (None if end is None else end.isoformat() for end in ends)
    return {"dateFrom": first, "dateTo": last}


def group(dimension: Dimension, row: Group, catalog: Catalog, rank: tuple[int, int] | None) -> dict[str, Any]:
    """Return one row of a breakdown; `rank` is its lowest and highest place, None for one that is not ranked."""
    named: dict[str, Any] = {dimension.parameter: row.named.id, dimension.name_field: row.named.name}
    if dimension is EXECUTIVE:
        named["callCenterId"] = row.call_center.id if row.call_center else None
        named["callCenterName"] = row.call_center.name if row.call_center else None
    return {**named, **figures(row.sums, catalog), "rank": rank}


def named_group(dimension: Dimension, row: Group, catalog: Catalog, rank: tuple[int, int] | None) -> dict[str, Any]:
    """Return one row of a breakdown by any dimension, as `group` does but for its names."""
    return {**id_and_name(dimension, row.named), **figures(row.sums, catalog), "rank": rank}


def id_and_name(dimension: Dimension, member: Member) -> dict[str, str | None]:
    """Return what a group is called where groups of any dimension may stand: Yes and No of those that are a flag."""
    is_flag = isinstance(dimension, FlagDimension) and member.id is not None
    return {"id": member.id, "name": _YES_NO[member.id or ""] if is_flag else member.name}


def trend_points(trend: Trend, catalog: Catalog) -> list[dict[str, Any]]:
    """Return the points of a trend."""
    return [
        {"date": point.bucket.first.isoformat(), "partial": point.bucket.partial, **figures(point.sums, catalog)}
        for point in trend.points
    ]


def criterion_row(row: CriterionRow) -> dict[str, Any]:
    """Return the figures of one criterion."""
    names = {"criterion": row.criterion.name, "section": row.criterion.section, "form": row.criterion.form}
    values: dict[str, Any] = {}
    for name, metric in CRITERION_METRICS.items():
        values[name] = metric.rounded(row.sums)
        if metric is AVERAGE_SHARE:
            values[f"{name}Interval"] = metric.rounded_interval(row.sums)
    return {**names, **values}


def criterion_answer(of: Answer) -> dict[str, Any]:
    """Return an answer to a criterion, as an evaluation that is sent may have it."""
    return {
        "criterion": of.criterion.name,
        "section": of.criterion.section,
        "points": _number(of.points),
        "maxPoints": _number(of.max_points),
        "notApplicable": of.points is None,
        "critical": of.critical,
        "comment": of.comment,
    }


def _number(points: float | None) -> int | float | None:
    """Return points without decimals where they have none."""
    return int(points) if points is not None and points.is_integer() else points


@dataclass(frozen=True, slots=True)
class AnswerBody:
    """What an answer holds, made once: its bytes, their digest, and the same bytes by gzip where they are long."""

    content: bytes
    digest: str
    compressed: bytes | None
    media_type: str = "application/json"

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return len(self.content) + len(self.compressed or b"")


def to_json(body: dict[str, Any]) -> AnswerBody:
    """Return a body as JSON. Takes milliseconds for a megabyte: long ones are for a thread."""
    return prepared(orjson.dumps(body))


def prepared(content: bytes, media_type: str = "application/json") -> AnswerBody:
    """Return what answers may be sent of, digested and compressed."""
    compressed = gzip.compress(content, _COMPRESSION, mtime=0) if len(content) >= _COMPRESSED_FROM else None
    return AnswerBody(content, hashlib.sha256(content).hexdigest()[:20], compressed, media_type)


def answer(request: Request, body: AnswerBody, version: int | None = None) -> Response:
    """Return what is told with its ETag, or 304 where the asker has it; the data's version is part of the tag."""
    tag = f'"{body.digest}"' if version is None else f'"{version}-{body.digest}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if body.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
    if has_tag(request.headers, tag):
        return Response(status_code=304, headers=headers)
    content = body.content
    if body.compressed is not None and accepts(request.headers, "gzip"):
        content = body.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, 200, headers, body.media_type)
