"""Retention kinds: what is removed once it is older than the days set. One file of `kinds/` registers one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count, QuerySet

from common.plugins import Plugin, PluginRegistry

# How many rows one transaction looks at.
BATCH = 500


@dataclass(frozen=True)
class Cutoffs:
    """What is older than its team's cutoff is due; None: nothing. `by_team` holds teams with days of their own."""

    default: datetime | None
    by_team: Mapping[int, datetime]

    @property
    def newest(self) -> datetime | None:
        """What is younger than this is due for no team."""
        return max([*self.by_team.values(), *([self.default] if self.default else [])], default=None)

    def of_team(self, team: int | None) -> datetime | None:
        return self.default if team is None else self.by_team.get(team, self.default)

    def is_due(self, team: int | None, moment: datetime) -> bool:
        cutoff = self.of_team(team)
        return cutoff is not None and moment < cutoff


@dataclass(frozen=True)
class RemovedBatch:
    """What one batch came to: how many rows are gone, and behind which id the next one looks; None: it was the last."""

    removed: int
    after: int | None


class RetentionKind(Plugin):
    """Something that grows, and what of it goes when its days are over.

    `teams_may_shorten` says whether a team may have fewer days than the installation.
    """

    teams_may_shorten: ClassVar[bool] = True

    def count_due(self, cutoffs: Cutoffs) -> Counter[int | None]:
        """Count what would go, by the id of its team; of no team under None. Nothing is changed."""
        raise NotImplementedError

    def remove_batch(self, cutoffs: Cutoffs, after: int) -> RemovedBatch:
        """Remove what is due of the next few, by id, in one short transaction. Harmless beside another process."""
        raise NotImplementedError


class AgedRows(RetentionKind):
    """Rows of one table, which have a moment and may have a team.

    Their ids rise with their time, or nearly: a batch in which nothing is old ends the pass, with no index on time.
    """

    team_column: ClassVar[str] = "team_id"
    moment_column: ClassVar[str]

    def removable(self) -> QuerySet[Any]:
        """Give the rows that may go, whatever their age: nothing that waits, is under way or is still asked for."""
        raise NotImplementedError

    def remove(self, ids: list[int]) -> int:
        """Remove these, unless they may go no longer; give how many. In the caller's transaction."""
        return self.removable().filter(pk__in=ids).only("pk").delete()[0]

    def count_due(self, cutoffs: Cutoffs) -> Counter[int | None]:
        found: Counter[int | None] = Counter()
        rows = self.removable().order_by()
        if cutoffs.newest is None:
            return found
        if cutoffs.default is None:
            rows = rows.filter(**{f"{self.team_column}__in": list(cutoffs.by_team)})
        old = rows.filter(**{f"{self.moment_column}__lt": cutoffs.newest})
        for team in list(old.values_list(self.team_column, flat=True).distinct()):
            if cutoff := cutoffs.of_team(team):
                due = rows.filter(**{self.team_column: team, f"{self.moment_column}__lt": cutoff})
                found[team] = due.aggregate(count=Count("pk"))["count"]
        return +found

    def remove_batch(self, cutoffs: Cutoffs, after: int) -> RemovedBatch:
        newest = cutoffs.newest
        columns = ("pk", self.team_column, self.moment_column)
        rows = list(self.removable().filter(pk__gt=after).order_by("pk").values_list(*columns)[:BATCH])
        due = [pk for pk, team, moment in rows if cutoffs.is_due(team, moment)]
        removed = 0
        if due:
            with transaction.atomic():
                removed = self.remove(due)
        is_last = len(rows) < BATCH or newest is None or all(moment >= newest for _pk, _team, moment in rows)
        return RemovedBatch(removed, None if is_last else rows[-1][0])


registry: PluginRegistry[RetentionKind] = PluginRegistry("kind of retention")
