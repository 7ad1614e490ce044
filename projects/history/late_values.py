"""Late values: what arrives long after it was logged, as `wandb sync` brings it. It is stored, and told of to nobody.

A project says how late is late, and may have automations act on such values all the same. What a script logs without
a time (`_timestamp`) is never late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from projects.history.row_values import HistoryRow, number
from projects.models import HistoryChunk, Project, Run

_HOUR = 3600


def late_values_reason(project: Project, rows: Sequence[HistoryRow], arrived_at: datetime) -> str:
    """Say why no automation acts on rows that arrived then; blank where it may. `store_rows` keeps late ones apart."""
    logged_at = _logged_at(rows[-1]) if rows else None
    return _reason(project) if _is_late(project, logged_at, arrived_at) else ""


def late_runs(runs: Iterable[Run], now: datetime) -> dict[int, str]:
    """Say of which runs the last values came late, and so why no automation acts on what becomes of them.

    By when these arrived, and not by when it is asked: a run may end long after its last value.
    """
    old = [run for run in runs if _is_late(run.project, _logged_at(run.summary), now)]
    if not old:
        # Nearly always, and then nothing more is read.
        return {}
    chunks = HistoryChunk.objects.filter(pk__in=[run.last_chunk for run in old if run.last_chunk is not None])
    arrived = dict(chunks.values_list("run_id", "created_at"))
    late = [run for run in old if run.pk in arrived and _is_late(run.project, _logged_at(run.summary), arrived[run.pk])]
    return {run.pk: _reason(run.project) for run in late}


def first_in_time(project: Project, rows: Sequence[HistoryRow], now: datetime) -> int:
    """Give the place of the first row that is not late; how many rows there are, where all of them are."""
    if not rows or not _is_late(project, _logged_at(rows[0]), now):
        # Rows come in the order of their times: nearly always the first one says it, or the last one.
        return 0
    if _is_late(project, _logged_at(rows[-1]), now):
        return len(rows)
    return next((place for place, row in enumerate(rows) if not _is_late(project, _logged_at(row), now)), len(rows))


def _is_late(project: Project, logged_at: float | None, arrived_at: datetime) -> bool:
    if project.acts_on_late_values or logged_at is None:
        return False
    return arrived_at.timestamp() - logged_at > project.late_after_hours * _HOUR


def _logged_at(row: HistoryRow) -> float | None:
    return number(row.get("_timestamp"))


def _reason(project: Project) -> str:
    hours = "an hour" if project.late_after_hours == 1 else f"{project.late_after_hours} hours"
    return f"Late: its values came more than {hours} after they were logged, and the project acts on none such."
