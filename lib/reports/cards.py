"""The key figures of a selection with what they rest on; its sentiments and states as shares; its best groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lib.analytics import cluster_spreads
from lib.analytics.breakdowns import Group
from lib.analytics.cluster_spreads import SharedSpreads
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.reports import formatting
from lib.reports.changes import chance_words
from lib.reports.context import PageContext
from lib.reports.job_text import in_words
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    Heading,
    Leader,
    Link,
    MetricCard,
    Notice,
    Shares,
    ShareSegment,
    Tone,
)
from lib.reports.page_links import METRIC, OPENED, of_average_score, pairs, without_search
from lib.reports.target_words import target_words
from lib.reports.words import Joined, Words, formatted, plural, text
from lib.statistics.clusters import LEAST_DAYS
from lib.statistics.shrinkage import shrink

KEY_FIGURES = (
    "totalEvaluations",
    "averageScore",
    "netSentiment",
    "averageDurationSeconds",
    "completionRate",
    "failureRate",
)


def key_figures(context: PageContext, *, is_explained: bool = False) -> Iterator[Cards | Caption]:
    """Yield a card for each key figure: value, interval, change to the compared period, course; and what marks mean.

    Where the page itself explains the change of the score (`is_explained`), its card leads to the trend.
    """
    course = [point.sums for point in context.trend.points]
    metrics = (context.catalog.metrics[name] for name in KEY_FIGURES)
    cards = Cards(tuple(_card(each, context, course, is_explained) for each in metrics))
    yield cards
    tested = sum(card.is_tested for card in cards.cards)
    if context.compared is not None and not tested:
        yield Caption(text("No change is tested: both periods need at least two days and 30 evaluations."))
    if tested:
        signs = text("▲ ▼: statistically significant. ≈: not significant.")
        yield Caption(Joined((signs, chance_words(tested), text("Counts are not tested.")), " "))


def defined_figures(context: PageContext) -> Iterator[Block]:
    """Yield a card for each metric that the workspace defined, and how many there are besides."""
    names = context.defined_metrics
    if not names:
        return
    yield Heading(text("Metrics"))
    spreads: SharedSpreads = {}
    if context.compared is not None:
        asked = context.filters, context.compared.filters, context.calendar, names
        spreads = context.answers.run(cluster_spreads.executive_spreads, *asked)
    cards = Cards(tuple(_defined_card(context.catalog.all_metrics[name], context, spreads) for name in names))
    yield cards
    if tested := sum(card.is_tested for card in cards.cards):
        yield Caption(chance_words(tested))
    if more := len(context.catalog.defined_metrics) - len(names):
        yield Caption(plural("{count} more is on the page Metrics.", "{count} more are on the page Metrics.", more))
    for name, problem in context.catalog.metric_problems.items():
        yield Notice(text("The metric {name} can't be computed", name=name), (formatted(in_words, problem.reason),))


def _defined_card(metric: Metric, context: PageContext, spreads: SharedSpreads) -> MetricCard:
    values = (metric.value(point.sums) for point in context.trend_of(metric).points)
    course = tuple(None if value is None else float(value) for value in values)
    link = Link("trends", text("See trend"), pairs({**context.parameters, METRIC: [metric.name]}), "show_chart")
    before, label = context.compared_totals, context.compared.label if context.compared else ""
    target = target_words(context, metric, context.totals)
    return MetricCard(metric, context.totals, course, before, label, spreads.get(metric.name), link, target)


def sentiments(context: PageContext) -> Shares:
    """Return the sentiments of the completed evaluations."""
    tones = {"Positive": Tone.POSITIVE, "Neutral": Tone.NEUTRAL, "Negative": Tone.NEGATIVE}
    return Shares(
        text("Sentiment"),
        tuple(_share(context, name, tone, sentiment=name, state="Completed") for name, tone in tones.items()),
    )


def states(context: PageContext) -> Shares:
    """Return how many evaluations are completed, under way and failed: what the scores are based on."""
    tones = {
        "Completed": Tone.POSITIVE,
        "Processing": Tone.MUTED,
        "Pending": Tone.NEUTRAL,
        "Failed": Tone.NEGATIVE,
    }
    return Shares(text("Coverage"), tuple(_share(context, name, tone, state=name) for name, tone in tones.items()))


def leaders(context: PageContext) -> tuple[Leader, ...]:
    """Return the best campaign and call center, each with what its place rests on."""
    summary = context.summary
    return (
        _leader(context, text("Top campaign"), CAMPAIGN, summary.top_campaign),
        _leader(context, text("Top call center"), CALL_CENTER, summary.top_call_center),
    )


def _card(metric: Metric, context: PageContext, course: Sequence[MeasureTotals], is_explained: bool) -> MetricCard:
    values = (metric.value(each) for each in course)
    floats = tuple(None if value is None else float(value) for value in values)
    compared, link = context.compared, _explanation(metric, context, is_explained)
    target = target_words(context, metric, context.summary.sums)
    if compared is None:
        return MetricCard(metric, context.summary.sums, floats, link=link, target=target)
    executives = context.executive_spreads.get(metric.name)
    return MetricCard(metric, context.summary.sums, floats, compared.sums, compared.label, executives, link, target)


def _explanation(metric: Metric, context: PageContext, is_explained: bool) -> Link:
    """Return the way to what explains a key figure: its evaluations, what changed the score, or its trend."""
    parameters, sums = context.parameters, context.summary.sums
    if metric.n(sums) is None:
        return Link("evaluations", text("See evaluations"), pairs(without_search(parameters)), "list_alt")
    is_compared = bool(context.compared and context.compared.sums["scored"] and sums["scored"])
    if metric is AVERAGE_SCORE and is_compared and not is_explained:
        return Link("drivers", text("See what changed"), pairs(of_average_score(parameters)), "waterfall_chart")
    return Link("trends", text("See trend"), pairs({**parameters, METRIC: [metric.name]}), "show_chart")


def _share(context: PageContext, name: str, tone: Tone, **narrowed: str) -> ShareSegment:
    parameters = context.filters.to_parameters() | {parameter: [value] for parameter, value in narrowed.items()}
    return ShareSegment(name.lower(), text(name), context.summary.sums[name.lower()], tone, pairs(parameters))


def _leader(context: PageContext, label: Words, dimension: Dimension, name: str | None) -> Leader:
    """Return the best group with its score, and whether it is shown to be the best.

    Where all have few scores it is the highest of them, which is marked and takes no part in ranks.
    """
    breakdown = context.breakdown(dimension)
    score = AVERAGE_SCORE
    best = max(
        (
            group
            for group in breakdown.groups
            if group.named.id is not None and group.named.name == name and group.sums["scored"]
        ),
        # Of two with one name the one that may lead, as the summary chose it.
        key=lambda group: (not score.is_small_sample(group.sums), score.value(group.sums) or 0),
        default=None,
    )
    if best is None:
        return Leader(label, formatting.NOTHING, text("No scores"))
    words: list[Words] = [
        text("average score {score}", score=formatted(formatting.metric, score, best.sums)),
        text("n = {n}", n=formatted(formatting.count, best.sums["scored"])),
    ]
    if score.is_small_sample(best.sums):
        words.append(text("each has fewer than {few} scored evaluations", few=FEW_EVALUATIONS))
    ranks = context.ranks(dimension).groups
    places = ranks.get(best.named)
    if places is not None and len(ranks) > 1:
        shrunken = _without_chance([group for group in breakdown.groups if group.named in ranks], best)
        if shrunken is not None:
            words.append(
                text("about {score} adjusted for chance", score=formatted(formatting.value, Unit.SCORE, shrunken))
            )
        words.append(text("significantly best") if places == (1, 1) else text("leads, not significantly"))
    detail = pairs({**context.parameters, OPENED: [best.named.parameter_value]})
    link = Link(dimension.plural.replace(" ", "_"), text("See details"), detail, "open_in_new")
    return Leader(label, best.named.name, Joined(tuple(words)), link)


def _without_chance(groups: Sequence[Group], best: Group) -> float | None:
    """Return the average score of the best of groups without what chance adds to the highest one, in points.

    None where one of them has no variance, or too few days for one, or a page's breakdown does not hold it.
    """
    means = []
    for group in groups:
        days = group.sums.days.get(AVERAGE_SCORE.name)
        if days is None or days.clusters < LEAST_DAYS or days.variance == 0:
            return None
        means.append((float(AVERAGE_SCORE.value(group.sums) or 0), days.variance))
    return shrink(means)[groups.index(best)]
