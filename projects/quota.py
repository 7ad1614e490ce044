"""Quota: how many bytes a team keeps in rows and files, and whether there is room for more.

Each run counts its own bytes, in the row that is written anyway: a counter of the team would be one row that all its
scripts wait for. What they come to is added up from an index, at most every few seconds.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum
from redis.exceptions import RedisError

from common.data.validation_errors import refuse_too_much
from projects.compaction.chunk_parts import STORED_SIZE
from projects.history.first_metrics import first_metrics
from projects.models import HistoryChunk, Run, StoredFile
from teams.models import Team

# How old a team's sum may be: so long it may go on past its quota.
_COUNTED_EACH_SECONDS = 10
_MEBIBYTE = 2**20
_RUNS_AT_ONCE = 100
_LOOKED_FOR_EACH_SECONDS = 3600


@dataclass(frozen=True)
class Usage:
    """Bytes that a team keeps; `allowed` is 0 where nothing limits it."""

    rows: int
    files: int
    allowed: int

    @property
    def used(self) -> int:
        return self.rows + self.files

    @property
    def is_over(self) -> bool:
        return bool(self.allowed) and self.used >= self.allowed


def usage_of(team: Team) -> Usage:
    """Count what the team keeps, now."""
    # Until they are gone, those that are to be deleted take room.
    runs = Run.all_rows.filter(project__team=team)
    # The parts of a file in parts count by themselves.
    files = StoredFile.objects.filter(team=team, arrived_at__isnull=False, in_parts=False)
    return Usage(
        rows=runs.aggregate(total=Sum("bytes_logged"))["total"] or 0,
        files=files.aggregate(total=Sum("size"))["total"] or 0,
        allowed=settings.TEAM_QUOTA,
    )


def require_room(team: Team, size: int = 0) -> None:
    """Refuse where the team has no room for so many bytes more. Raises TooMuch."""
    if not settings.TEAM_QUOTA:
        return
    used = _used(team)
    if used + max(size, 1) > settings.TEAM_QUOTA:
        refuse_too_much(
            "quota",
            f"The team {team} keeps {mebibytes(used)} MiB of rows and files, of the "
            f"{mebibytes(settings.TEAM_QUOTA)} MiB it may (RUNBELL_TEAM_QUOTA_MB). Delete runs, versions or files, or "
            "have the quota raised; what a script could not send, `wandb sync` sends later.",
        )


def forget_count(team: Team) -> None:
    """Have the team counted anew the next time: a file has come that may be large."""
    if settings.TEAM_QUOTA:
        with suppress(RedisError):
            cache.delete(f"quota:{team.pk}")


def _used(team: Team) -> int:
    """Give what the team kept some seconds ago; while Redis is away, now."""
    try:
        return cache.get_or_set(f"quota:{team.pk}", lambda: usage_of(team).used, _COUNTED_EACH_SECONDS) or 0
    except RedisError:
        return usage_of(team).used


def count_uncounted_runs() -> None:
    """Count the bytes of runs from before they counted them themselves, some at a time, until there are none.

    And keep apart what lists show of them.
    """
    if cache.get("projects.quota.counted"):
        return
    found = list(Run.all_rows.filter(bytes_logged=None).only("pk").order_by("-pk")[:_RUNS_AT_ONCE])
    for run in found:
        count_run(run.pk)
    if not found:
        cache.set("projects.quota.counted", 1, _LOOKED_FOR_EACH_SECONDS)


def count_run(pk: int) -> None:
    """Count what the run keeps by its chunks as they are stored, and keep apart what lists show of it."""
    with transaction.atomic():
        locked = Run.all_rows.select_for_update().only("bytes_logged", "summary").get(pk=pk)
        size = HistoryChunk.objects.filter(run=pk).aggregate(total=Sum(STORED_SIZE))["total"]
        locked.bytes_logged = size or 0
        locked.first_metrics = first_metrics(locked.summary)
        locked.save(update_fields=["bytes_logged", "first_metrics"])


def mebibytes(size: int) -> str:
    """Give the size as people read it, in MiB."""
    return f"{size / _MEBIBYTE:,.1f}"
