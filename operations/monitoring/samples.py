"""Prometheus samples of this installation: what was counted, and what waits and lives right now."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from automations.delivery import claims
from events import ledger, prometheus_counts, prometheus_metrics, task_queue, worker_heartbeat

Totals = Mapping[prometheus_counts.Sample, float]


class Samples:
    """What prometheus-client collects. Where the database is away it says that, and what needs none."""

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("runbell_build_info", "The version that runs here.", labels=["version"])
        info.add_metric([settings.VERSION], 1)
        yield info
        yield from _of_disk()
        yield _gauge("runbell_broker_up", "Whether the task queue's broker answers.", task_queue.is_answering())
        seconds = _database_seconds()
        yield _gauge("runbell_database_up", "Whether the database answers.", seconds is not None)
        if seconds is None:
            return
        yield _gauge("runbell_database_seconds", "How long the database took to answer nothing.", seconds)
        try:
            yield from [*_of_counts(prometheus_counts.totals()), *_of_workers(), *_of_backlog()]
        except DatabaseError:
            # It went away meanwhile, or is not migrated: `/readyz` says which.
            return


def _of_counts(totals: Totals) -> Iterator[Metric]:
    for counter in prometheus_metrics.COUNTERS:
        family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
        for values in _labels(totals, counter.name):
            family.add_metric(values, totals[counter.name, values])
        yield family
    for histogram in prometheus_metrics.HISTOGRAMS:
        yield _histogram(histogram, totals)


def _histogram(histogram: prometheus_metrics.Histogram, totals: Totals) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
    for values in _labels(totals, histogram.sum_name):
        buckets, below = [], 0.0
        for bound in histogram.bound_names:
            below += totals.get((histogram.bucket_name, (*values, bound)), 0.0)
            buckets.append((bound, below))
        family.add_metric(values, buckets, totals[histogram.sum_name, values])
    return family


def _labels(totals: Totals, name: str) -> list[tuple[str, ...]]:
    return sorted(values for found, values in totals if found == name)


def _of_workers() -> Iterator[Metric]:
    alive = worker_heartbeat.alive_count(settings.READY_BEAT_SECONDS)
    yield _gauge("runbell_workers", "Workers that gave a sign of life a moment ago.", alive)
    age = worker_heartbeat.youngest_seconds()
    if age is not None:
        yield _gauge("runbell_worker_heartbeat_age_seconds", "Since the last sign of life of any worker.", age)


def _of_backlog() -> Iterator[Metric]:
    yield _gauge("runbell_events_waiting", "Events that wait to be judged.", ledger.waiting_count())
    yield _gauge(
        "runbell_events_oldest_seconds", "How long the oldest event has waited for it.", ledger.oldest_seconds()
    )
    waiting = GaugeMetricFamily(
        "runbell_deliveries_waiting", "Deliveries that wait, due or for a later try.", labels=["kind"]
    )
    for kind, count in sorted(claims.waiting_counts().items()):
        waiting.add_metric([kind], count)
    yield waiting
    age = claims.oldest_due_seconds()
    yield _gauge("runbell_deliveries_oldest_due_seconds", "How long the oldest that is due has waited.", age)


def _of_disk() -> Iterator[Metric]:
    usage = shutil.disk_usage(settings.DATA_DIR)
    yield _gauge("runbell_disk_free_bytes", "Free on the disk of the data folder.", usage.free)
    yield _gauge("runbell_disk_bytes", "The size of the disk of the data folder.", usage.total)


def _database_seconds() -> float | None:
    begun_at = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return None
    return time.monotonic() - begun_at


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=float(value))
