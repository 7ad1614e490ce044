"""The health strip: what became of the last executions of each automation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from automations.models import Automation, Execution, ExecutionState

MOST = 50
_BARS = {state: format_html('<i class="health-bar {}"></i>', state) for state in ExecutionState.values}


@dataclass(frozen=True)
class HealthStrip:
    """What became of the last executions of an automation, the newest last; and that newest one."""

    states: Sequence[str] = ()
    last: Execution | None = None

    @classmethod
    def of(cls, rows: Sequence[Execution]) -> HealthStrip:
        return cls([row.state for row in rows], rows[-1] if rows else None)

    @property
    def summary(self) -> str:
        """Say in words what the strip shows."""
        counts = Counter(self.states)
        said = [f"{counts[state]} {state.label.lower()}" for state in ExecutionState if counts[state]]
        return _("Of the last %(n)d executions: %(said)s") % {"n": len(self.states), "said": ", ".join(said)}

    @property
    def strip(self) -> SafeString:
        """Draw the strip of a list. Not by a template: a page has thousands of these bars."""
        return mark_safe("".join(_BARS[state] for state in self.states))


def recent_executions(automation: Automation) -> list[Execution]:
    """Give its last executions, the newest last."""
    rows = automation.executions.defer("kept_variables", "kept_action").order_by("-pk")[:MOST]
    return list(rows)[::-1]


def health_strips_of(automations: Iterable[Automation]) -> dict[int, HealthStrip]:
    """Give the health strip of each, with three queries however many there are and however often they fired."""
    ids = [row.pk for row in automations]
    if not ids:
        return {}
    rows = Execution.objects.filter(newest_of(ids, MOST, Execution.objects.all()))
    found: dict[int, list[str]] = defaultdict(list)
    newest: dict[int, int] = {}
    # Plain values: there are fifty times as many of them as of anything else on the page.
    for pk, automation, state in rows.order_by("pk").values_list("pk", "automation_id", "state"):
        found[automation].append(state)
        newest[automation] = pk
    last = Execution.objects.only("automation_id", "state", "created_at").in_bulk(newest.values())
    return {pk: HealthStrip(states, last.get(newest[pk])) for pk, states in found.items()}


def newest_of(ids: Sequence[int], most: int, rows: QuerySet[Execution]) -> Q:
    """Give what narrows executions to the newest `most` of each automation, among these rows.

    Each is found at the end of an index, however many there are: a page of the newest of all is among them.
    """
    oldest = rows.filter(automation=OuterRef("pk")).order_by("-pk").values("pk")[most - 1 : most]
    starts = Automation.objects.filter(pk__in=ids).annotate(start=Coalesce(Subquery(oldest), 0))
    wanted = [Q(automation=pk, pk__gte=start) for pk, start in starts.values_list("pk", "start")]
    return reduce(or_, wanted, Q(pk__in=[]))
