"""What Prometheus reads: requests by path and status, how long they took, jobs, the version of the data."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "callboard_http_requests_total", "Requests of the API.", ["method", "path", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "callboard_http_request_seconds",
    "How long requests of the API took.",
    ["path"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
JOBS = Gauge("callboard_jobs", "Jobs by kind and status.", ["kind", "status"], registry=REGISTRY)
EVALUATIONS = Gauge("callboard_evaluations", "Evaluations in the database.", registry=REGISTRY)
DATA_VERSION = Gauge("callboard_data_version", "Version of the data.", registry=REGISTRY)
