"""What Prometheus reads: requests, questions and the answers kept, pages, jobs, imports, the data, the process."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from lib import workspace
from lib.analytics.query_cache import QueryCache
from lib.observability.prometheus import PAGES, SECONDS

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "callboard_http_requests_total", "Requests of the API.", ["method", "path", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "callboard_http_request_seconds",
    "How long requests of the API took.",
    ["path"],
    buckets=SECONDS,
    registry=REGISTRY,
)
JOBS = Gauge("callboard_jobs", "Jobs by kind and status.", ["kind", "status"], registry=REGISTRY)
IMPORTS = Gauge("callboard_imports", "Imports in the history, by result.", ["result"], registry=REGISTRY)
IMPORT_ROWS = Gauge(
    "callboard_import_rows", "Rows of all imports, by what became of them.", ["rows"], registry=REGISTRY
)
EVALUATIONS = Gauge("callboard_evaluations", "Evaluations in the database.", registry=REGISTRY)
DATA_VERSION = Gauge("callboard_data_version", "Version of the data.", registry=REGISTRY)
ProcessCollector(registry=REGISTRY)


class _Counted(Collector):
    """What the process counts in plain numbers, read when Prometheus asks."""

    def collect(self) -> Iterator[Metric]:
        """Give the counts of the pages, and of the questions once there is a database."""
        yield from _pages()
        space = workspace.opened()
        if space is not None:
            yield from _questions(space.answers)


def _pages() -> Iterator[Metric]:
    yield GaugeMetricFamily("callboard_page_sessions", "Sessions of pages that are open.", PAGES.sessions)
    yield CounterMetricFamily("callboard_page_sessions_opened", "Sessions of pages that were opened.", PAGES.opened)
    yield CounterMetricFamily("callboard_page_failures", "Runs of pages that failed.", PAGES.failed)
    yield _by("callboard_page_runs", "Runs of pages.", "page", PAGES.runs)
    yield _by("callboard_page_requests", "Requests of pages and their files.", "status", PAGES.requests)
    yield _by(
        "callboard_refused", "Requests that were refused before anything looked at them.", "status", PAGES.refused
    )


def _questions(answers: QueryCache) -> Iterator[Metric]:
    asked = HistogramMetricFamily(
        "callboard_question_seconds", "How long questions to the facts took.", labels=["question", "engine"]
    )
    for question, (ranges, seconds) in sorted(answers.times.read().items()):
        total, buckets = 0, []
        for end, count in zip((*map(str, SECONDS), "+Inf"), ranges, strict=True):
            total += count
            buckets.append((end, total))
        asked.add_metric([question, answers.engine], buckets, seconds)
    yield asked
    yield _by("callboard_cache_hits", "Answers that were kept and given again.", "question", answers.hits())
    misses = sum(sum(ranges) for ranges, _ in answers.times.read().values())
    yield CounterMetricFamily("callboard_cache_misses", "Questions whose answer was not kept.", misses)
    count, size = answers.kept()
    yield GaugeMetricFamily("callboard_cache_answers", "Answers that are kept.", count)
    yield GaugeMetricFamily("callboard_cache_bytes", "Memory that they take, by estimate.", size)


def _by(name: str, told: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, told, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


REGISTRY.register(_Counted())
