"""Sorting of runs by a metric, in memory: summaries are text in the database, so only the newest are read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from common.pages.newest_first import SIZE, Page
from projects.history.row_values import number
from projects.models import Run

# As many as a page can read within its time.
MOST_RANKED = 2000


@dataclass(frozen=True)
class MetricSorting:
    """By the last value of a metric, of rows that have their `listed_metrics`.

    Those without a number, or with NaN, come last either way.
    """

    metric: str
    descending: bool = False

    def page_of(self, rows: QuerySet[Any], after: str, size: int = SIZE) -> Page[Run]:
        """Give the page that follows the run numbered `after`; the first one where it is not among them."""
        ranked = self._keys(rows)
        place = {str(pk): at + 1 for at, pk in enumerate(ranked)}
        start = place.get(after, 0)
        keys = ranked[start : start + size]
        found = rows.in_bulk(keys)
        more = len(ranked) > start + size
        return Page([found[pk] for pk in keys if pk in found], keys[-1] if more else None, start == 0)

    def _keys(self, rows: QuerySet[Any]) -> list[int]:
        newest = rows.order_by("-pk").values_list("pk", "listed_metrics")[:MOST_RANKED]
        values = {pk: number(listed.get(self.metric)) for pk, listed in newest}
        known = {pk: value for pk, value in values.items() if value is not None and not math.isnan(value)}
        # Both sorts are stable: of equal ones the newest comes first.
        ranked = sorted(known, key=lambda pk: known[pk], reverse=self.descending)
        return [*ranked, *(pk for pk in values if pk not in known)]
