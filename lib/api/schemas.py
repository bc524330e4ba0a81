"""The answers' shapes, for the OpenAPI and for whoever reads the code: each field under its public name."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lib.catalog.catalog import Catalog

Score = Field(description="0 to 10, at most 2 decimals; null where nothing is scored.")
Share = Field(description="0 to 1, at most 4 decimals; null where there is nothing to divide by.")


class SentimentBreakdown(BaseModel):
    """Completed evaluations by sentiment."""

    positive: int
    neutral: int
    negative: int


class StateBreakdown(BaseModel):
    """Evaluations by state."""

    pending: int
    processing: int
    completed: int
    failed: int


class MetricValues(BaseModel):
    """The metrics that `metrics` asks for; left out where it asks for none."""

    metrics: dict[str, int | float | None] | None = Field(None, description="Their values, by name.")
    metricIntervals: dict[str, list[float] | None] | None = Field(
        None, description="Their 95 % intervals: low, high; null where there is none."
    )
    metricN: dict[str, int | None] | None = Field(
        None, description="How many evaluations each rests on; null for a count or a sum."
    )


class Figures(MetricValues):
    """The figures of a selection; `add_catalog` describes the metrics that are not named here."""

    totalEvaluations: int
    completedEvaluations: int
    averageScore: float | None = Score
    sentimentBreakdown: SentimentBreakdown
    averageDurationSeconds: int | None = Field(description="Whole seconds of conversation.")
    completionRate: float | None = Share
    failureRate: float | None = Share
    netSentiment: float | None = Field(description="−1 to 1, at most 4 decimals.")
    scoredEvaluations: int
    averageScoreInterval: list[float] | None = Field(description="95 % interval of the average score: low, high.")
    stateBreakdown: StateBreakdown


class Period(BaseModel):
    """The dates in force; null where there are no data."""

    dateFrom: str | None
    dateTo: str | None


class Summary(Period, Figures):
    """Figures of the whole selection, and its best campaign and call center."""

    topCampaign: str | None
    topCallCenter: str | None


class Row(Figures):
    """The figures of one group."""

    rank: tuple[int, int] | None = Field(
        description="Lowest and highest place by average score; null below 30 scores and for none."
    )


class CampaignRow(Row):
    """One campaign; a null id stands for evaluations that belong to none."""

    campaignId: str | None
    campaignName: str


class CallCenterRow(Row):
    """One call center."""

    callCenterId: str | None
    callCenterName: str


class ExecutiveRow(Row):
    """One executive; the call center where there is one alone."""

    executiveId: str | None
    executiveName: str
    callCenterId: str | None
    callCenterName: str | None


class Page(Period):
    """One page of rows."""

    page: int
    pageSize: int
    totalCount: int


class Campaigns(Page):
    """Campaigns, sorted."""

    data: list[CampaignRow]


class CallCenters(Page):
    """Call centers, sorted."""

    data: list[CallCenterRow]


class Executives(Page):
    """Executives, sorted."""

    data: list[ExecutiveRow]


class GroupRow(Row):
    """One group; a null id stands for evaluations that belong to none."""

    id: str | None
    name: str


class GroupPage(Page):
    """Groups of any dimension, sorted."""

    data: list[GroupRow]


class Point(Figures):
    """One day, week or month, named by its first day."""

    date: str
    partial: bool = Field(description="Whether the period, or today, cuts the day, week or month short.")


class Trends(Period):
    """A point for every day, week or month of the period."""

    granularity: Literal["daily", "weekly", "monthly"]
    data: list[Point]


class Series(BaseModel):
    """The points of one group; a null id stands for evaluations that belong to none, or to all other groups."""

    id: str | None
    name: str
    data: list[Point]


class GroupedTrends(Period):
    """The points of the largest groups, and of all others together as `(other)`."""

    granularity: Literal["daily", "weekly", "monthly"]
    series: list[Series]


class Evaluation(BaseModel):
    """One evaluation, in the canonical columns."""

    id: str
    audioDate: str
    state: Literal["Pending", "Processing", "Completed", "Failed"]
    sentiment: Literal["Positive", "Neutral", "Negative"] | None
    averageNote: float | None
    durationInSeconds: int | None
    isAICall: bool
    campaignId: str | None
    campaignName: str
    callCenterId: str | None
    callCenterName: str
    engagementId: str | None
    engagementName: str
    executiveId: str | None
    executiveName: str
    evaluatorId: str | None
    evaluatorName: str
    form: str | None
    audioFileName: str | None
    createdAt: str | None
    evaluatedAt: str | None
    recordingUrl: str | None
    fields: dict[str, str | float | bool | None] = Field(description="The workspace's own fields, by name.")
    archived: bool = Field(True, description="There, and true, where the evaluation is archived.")


class AnswerRow(BaseModel):
    """An answer to a criterion of the evaluation's scorecard."""

    criterion: str
    section: str | None
    points: float | None = Field(description="Null where the criterion was not applicable.")
    maxPoints: float | None
    notApplicable: bool
    critical: bool = Field(description="Whether to get no points fails the call.")
    comment: str | None


class Answers(BaseModel):
    """The answers of an evaluation, in the order of its scorecard."""

    data: list[AnswerRow]


class EvaluationWithAnswers(Evaluation):
    """One evaluation, with its answers to criteria."""

    results: list[AnswerRow]


class CriterionFigures(MetricValues):
    """A criterion, and the figures of its answers."""

    criterion: str
    section: str | None
    form: str | None
    answered: int
    notApplicable: int
    averageShare: float | None = Share
    averageShareInterval: list[float] | None = Field(description="95 % interval of the average share: low, high.")
    fullMarks: float | None = Share
    failed: float | None = Share
    criticalFails: int


class Criteria(Page):
    """Criteria, sorted; and the critical fail rate of the whole selection."""

    data: list[CriterionFigures]
    criticalFailRate: float | None = Share


class Evaluations(Page):
    """Evaluations, newest first."""

    data: list[Evaluation]
    archivedMonths: str = Field(
        "", description="There where months of the period are archived, such as 2024-01 to 2024-06."
    )


class Written(BaseModel):
    """What became of the evaluations that were sent."""

    importId: str = Field(description="The import that it is listed as, with what the key sent in the same moment.")
    read: int
    added: int
    changed: int
    unchanged: int
    duplicates: int = Field(description="Rows that a later row with the same id stands for.")
    exactDuplicates: int = Field(description="Those of them that were the same in every column.")
    blank: int
    bad: int


class OwnFieldRow(BaseModel):
    """A field that the workspace defined."""

    name: str
    type: str
    label: str
    unit: str | None
    archived: bool
    values: int = Field(description="How many evaluations have one.")


class Fields(BaseModel):
    """The workspace's own fields, in the order in which they were defined."""

    data: list[OwnFieldRow]


class MetricProblem(BaseModel):
    """Why a metric can't be computed any more, as where a field of its formula is gone."""

    message: str
    position: int


class MetricRow(BaseModel):
    """A metric: a built-in one, or one that the workspace defined."""

    model_config = ConfigDict(extra="allow")
    name: str
    label: str
    description: str
    formula: str
    unit: str
    decimals: int | None
    better: Literal["higher", "lower"] | None
    minimum: int = Field(description="Below so many evaluations a value is marked.")
    target: Any = Field(description="A number, an object, or a list of objects; null without one.")
    version: int
    archived: bool
    builtIn: bool
    problem: MetricProblem | None


class MetricUsers(BaseModel):
    """Where a metric is used."""

    metrics: list[str]
    views: list[str] = Field(description="Shared views, by name.")
    privateViews: int
    pinnedLinks: int
    reports: int = Field(description="How many reports ask for it, but for those of a view.")
    alerts: int = Field(description="How many alerts watch it.")


class MetricDetail(MetricRow):
    """A metric, or one of its versions, and where it is used."""

    createdAt: str | None = None
    createdBy: str | None = None
    versions: list[int] = []
    usedBy: MetricUsers


class MetricList(BaseModel):
    """The built-in metrics, and those of the workspace."""

    data: list[MetricRow]


class Preview(BaseModel):
    """What a formula comes to in a selection."""

    value: int | float | None
    interval: list[float] | None
    n: int | None
    fromRollup: bool = Field(description="Whether no evaluation had to be read for it.")


class ErrorBody(BaseModel):
    """What is wrong, and what would be right."""

    model_config = ConfigDict(extra="allow")
    code: str
    message: str
    parameter: str | None = None
    position: int | None = None
    requestId: str


class Error(BaseModel):
    """The one shape of every error."""

    error: ErrorBody


def add_catalog(described: dict[str, Any], catalog: Catalog) -> None:
    """Describe the metrics and the fields of a catalog that no model names; `described` is the OpenAPI's schemas."""
    for name, metric in catalog.metrics.items():
        kind = "number" if metric.unit.decimals else "integer"
        for model in (Summary, CampaignRow, CallCenterRow, ExecutiveRow, GroupRow, Point):
            properties = described[model.__name__]["properties"]
            properties.setdefault(name, {"type": [kind, "null"], "description": metric.help})
    for field in catalog.fields.values():
        for evaluation in (Evaluation, EvaluationWithAnswers):
            properties = described[evaluation.__name__]["properties"]
            properties.setdefault(field.name, {"type": ["string", "null"], "description": field.help})
