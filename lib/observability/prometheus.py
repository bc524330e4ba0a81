"""What the process counts, for Prometheus. Gauges of jobs, imports, data and cache are set when it asks."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
"""All metrics of this process, and no others: what libraries count of themselves is not ours to show."""

ProcessCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _counter(name: str, documentation: str, *labels: str) -> Counter:
    return Counter(f"callboard_{name}", documentation, labels, registry=REGISTRY)


def _gauge(name: str, documentation: str, *labels: str) -> Gauge:
    return Gauge(f"callboard_{name}", documentation, labels, registry=REGISTRY)


def _histogram(name: str, documentation: str, *labels: str) -> Histogram:
    return Histogram(f"callboard_{name}", documentation, labels, registry=REGISTRY, buckets=_SECONDS)


REQUESTS = _counter("http_requests", "Requests of the API.", "method", "path", "status")
REQUEST_SECONDS = _histogram("http_request_seconds", "How long requests of the API took.", "path")
STREAMS = _gauge("streams", "Streams that are open.")

QUESTION_SECONDS = _histogram("question_seconds", "How long questions to the facts took.", "question", "engine")
CACHE_HITS = _counter("cache_hits", "Answers that were kept and given again.", "question")
CACHE_MISSES = _counter("cache_misses", "Questions whose answer was not kept.")
CACHE_ANSWERS = _gauge("cache_answers", "Answers that are kept.")
CACHE_BYTES = _gauge("cache_bytes", "Memory that they take, by estimate.")

JOBS = _gauge("jobs", "Jobs by kind and status.", "kind", "status")
IMPORTS = _gauge("imports", "Imports in the history, by result.", "result")
IMPORT_ROWS = _gauge("import_rows", "Rows of all imports, by what became of them.", "rows")
EVALUATIONS = _gauge("evaluations", "Evaluations in the database.")
DATA_VERSION = _gauge("data_version", "Version of the data.")


class Pages:
    """The pages: visitors' sessions that are open now and that were opened, requests and refusals by status, runs."""

    sessions = _gauge("page_sessions", "Sessions of pages that are open.")
    opened = _counter("page_sessions_opened", "Sessions of pages that were opened.")
    requests = _counter("page_requests", "Requests of pages and their files.", "status")
    refused = _counter("refused", "Requests that were refused before anything looked at them.", "status")
    runs = _counter("page_runs", "Runs of pages.", "page")
    failures = _counter("page_failures", "Runs of pages that failed.")

    def count_run(self, page: str) -> None:
        """Count a run of a page."""
        self.runs.labels(page).inc()

    def count_failure(self) -> None:
        """Count a run that ended in an error that should not be."""
        self.failures.inc()


PAGES = Pages()
