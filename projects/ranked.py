"""Runs by a metric. Summaries are text in the database, so the newest that match are sorted here, and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db.models import QuerySet

from common.pages import SIZE, Page
from projects.models import Run
from projects.rows import number

# As many as a page can read within its time.
MOST_RANKED = 2000


@dataclass(frozen=True)
class Ranking:
    """By the last value of a metric. Those without a number, or with NaN, come last either way."""

    metric: str
    descending: bool = False

    def page_of(self, rows: QuerySet[Run], after: str, size: int = SIZE) -> Page[Run]:
        """Give the page that follows the run numbered `after`; the first one where it is not among them."""
        ranked = self._keys(rows)
        place = {str(pk): at + 1 for at, pk in enumerate(ranked)}
        start = place.get(after, 0)
        keys = ranked[start : start + size]
        found = rows.in_bulk(keys)
        more = len(ranked) > start + size
        return Page([found[pk] for pk in keys if pk in found], keys[-1] if more else None, start == 0)

    def _keys(self, rows: QuerySet[Run]) -> list[int]:
        newest = rows.order_by("-pk").values_list("pk", "summary")[:MOST_RANKED]
        values = {pk: number(summary.get(self.metric)) for pk, summary in newest}
        known = {pk: value for pk, value in values.items() if value is not None and not math.isnan(value)}
        # Both sorts are stable: of equal ones the newest comes first.
        ranked = sorted(known, key=lambda pk: known[pk], reverse=self.descending)
        return [*ranked, *(pk for pk in values if pk not in known)]
