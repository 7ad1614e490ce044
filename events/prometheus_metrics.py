"""Prometheus metrics: every counter and histogram that is kept, of the whole installation.

Each process counts in memory and adds that to the database every few seconds (`events.prometheus_counts`), so that any
web process tells the sum of all, workers too, and none of it begins anew with a process. No label holds what people
chose, such as the name of a team, a project or a person: each has few values, known beforehand.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from events import prometheus_counts

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True)
class Counter:
    """A number that only grows. What is counted in a transaction counts once that is committed."""

    name: str
    help: str
    labels: tuple[str, ...]

    def count(self, *values: str, amount: float = 1) -> None:
        prometheus_counts.add([((self.name, values), amount)])


@dataclass(frozen=True)
class Histogram:
    """How long something took: how often it was within each of the bounds, and the sum."""

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = _SECONDS

    def observe(self, seconds: float, *values: str) -> None:
        bucket = bisect_left(self.bounds, seconds)
        prometheus_counts.add(
            [
                ((self.bucket_name, (*values, self.bound_names[bucket])), 1),
                ((self.sum_name, values), max(seconds, 0.0)),
            ]
        )

    @property
    def bucket_name(self) -> str:
        return f"{self.name}_bucket"

    @property
    def sum_name(self) -> str:
        return f"{self.name}_sum"

    @property
    def bound_names(self) -> tuple[str, ...]:
        return (*map(str, self.bounds), "+Inf")


EVENTS = Counter(
    "runbell_events",
    "Events by what became of them: waiting for a worker when they came, heard by nobody, judged, or set aside.",
    ("kind", "state"),
)
EXECUTIONS = Counter(
    "runbell_executions", "Executions by kind of receiver and the state they reached.", ("kind", "state")
)
ATTEMPTS = Counter(
    "runbell_attempts",
    "Attempts to deliver: ok, tried again, failed for good, lost with a worker.",
    ("kind", "outcome"),
)
FIRST_BYTE = Histogram(
    "runbell_event_to_first_byte_seconds", "From an event until its first delivery begins to be sent.", ("kind",)
)
ROWS = Counter("runbell_rows", "Logged rows that were taken in, without those that were there already.", ("stream",))
REQUESTS = Counter("runbell_requests", "Requests that were answered, without probes.", ("door", "method", "status"))
REQUEST_SECONDS = Histogram("runbell_request_seconds", "From a request's last byte until its answer begins.", ("door",))

COUNTERS = (EVENTS, EXECUTIONS, ATTEMPTS, ROWS, REQUESTS)
HISTOGRAMS = (FIRST_BYTE, REQUEST_SECONDS)


def receiver_kind(receiver_key: str) -> str:
    """Give the kind of integration that a key such as `KIND:12` names."""
    return receiver_key.partition(":")[0] or "none"
