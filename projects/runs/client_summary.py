"""The client's summary, all of it each time: an older copy or another writer takes nothing away from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projects.history.row_values import number
from projects.models import Run

# Among what is kept of the run's streams: when that was logged which the summary holds.
_SUMMARY = "summary"


def replace_summary(locked: Run, summary: Mapping[str, Any]) -> list[str]:
    """Take the client's summary into the locked run, which the caller saves: give the columns.

    1. A folder that was copied before the run went on says less than is known: what is newer stays.
    2. Of several writers each knows its own values only.
    """
    logged_at, reached = number(summary.get("_timestamp")), locked.reached.get(_SUMMARY)
    if logged_at is not None and reached is not None and logged_at < reached:
        locked.client_summary = {**summary, **(locked.client_summary or {})}
        return ["client_summary"]
    # Read only here: it may be large, and is not loaded with the run.
    known = (locked.client_summary or {}) if locked.has_several_writers else {}
    locked.client_summary = {**known, **summary}
    if logged_at is None:
        return ["client_summary"]
    locked.reached = {**locked.reached, _SUMMARY: logged_at}
    return ["client_summary", "reached"]
