"""Counting for metrics over many processes: in memory first, and added to the database every few seconds.

prometheus-client's own way, files that all processes of one host map, knows nothing of other hosts and grows by a few
files with each process that ever was. A process that is killed takes the counts of its last seconds with it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial

from django.db import DatabaseError, connection, transaction

from events.models import MetricCount

# The name of a sample, and the values of its labels.
Sample = tuple[str, tuple[str, ...]]
_FLUSH_SECONDS = 5.0
_lock = threading.Lock()
_counted: Counter[Sample] = Counter()
_flushed_at = [0.0]


def add(amounts: Iterable[tuple[Sample, float]]) -> None:
    """Add to these samples: at once, or with the commit of the caller's transaction."""
    if connection.in_atomic_block:
        transaction.on_commit(partial(_add, list(amounts)))
    else:
        _add(amounts)


def flush_when_due() -> None:
    """Add what this process counted to the database, unless it did so a moment ago. Never raises DatabaseError."""
    if time.monotonic() - _flushed_at[0] >= _FLUSH_SECONDS and not connection.in_atomic_block:
        flush()


def flush() -> None:
    """The same, now. While the database is away the counts are kept."""
    _flushed_at[0] = time.monotonic()
    with _lock:
        counted = _counted.copy()
        _counted.clear()
    if not counted:
        return
    try:
        _store(counted)
    except DatabaseError:
        _add(counted.items())


def totals() -> dict[Sample, float]:
    """Give every sample, of all processes: as far as they have flushed, and all of this one."""
    rows = MetricCount.objects.values_list("name", "labels", "value")
    found = Counter({(name, tuple(json.loads(labels))): value for name, labels, value in rows})
    with _lock:
        found.update(_counted)
    return dict(found)


def _add(amounts: Iterable[tuple[Sample, float]]) -> None:
    with _lock:
        for sample, amount in amounts:
            # Any number will do for it, though it is typed for whole ones.
            _counted[sample] += amount  # type: ignore[assignment]


def _store(counted: Counter[Sample]) -> None:
    """Add all in one statement, in the order of their names: so two processes that meet wait, and lock up nobody."""
    rows = sorted((name, json.dumps(values), float(amount)) for (name, values), amount in counted.items())
    table = connection.ops.quote_name(MetricCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, labels, value) VALUES {', '.join(['(%s, %s, %s)'] * len(rows))} "
            f"ON CONFLICT (name, labels) DO UPDATE SET value = {table}.value + excluded.value",
            [value for row in rows for value in row],
        )


def _forget() -> None:
    """What the parent counted is the parent's to store; its lock may have been held at the fork."""
    global _lock
    _lock = threading.Lock()
    _counted.clear()


os.register_at_fork(after_in_child=_forget)
