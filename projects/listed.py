"""Runs as lists show them: which metrics are columns, how long each lasted, what one may narrow them by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.filters import Choice, typed
from common.keyset import Order, page_of
from common.pages import Page
from projects.models import Project, Run, RunState
from projects.plotted import AXES
from projects.ranked import Ranking
from projects.rows import number
from teams.models import User

# So many of the newest runs say which metrics and tags are usual in a project.
_RECENT = 100
METRIC_COLUMNS, _MOST_TAGS, _MOST_PEOPLE = 4, 50, 200
# What is large and in no list.
_UNSHOWN = ("config", "told_summary", "telemetry", "notes", "program", "line_bases")
LOWEST, HIGHEST = "lowest", "highest"
ORDERS = {
    "": Order("pk", descending=True),
    "oldest": Order("pk"),
    "active": Order("heartbeat_at", descending=True),
    "name": Order("display_name"),
}


@dataclass(frozen=True)
class Row:
    """A run in a list. `metrics` stand in the order of the columns; None where it logged none of that name."""

    run: Run
    lasted: timedelta
    metrics: Sequence[float | None]


@dataclass(frozen=True)
class Usual:
    """What the newest runs of a project have, the most frequent first."""

    metrics: Sequence[str]
    tags: Sequence[str]
    groups: Sequence[str] = ()

    @classmethod
    def of(cls, project: Project) -> Usual:
        newest = Run.objects.filter(project=project).order_by("-pk")
        recent = list(newest.values_list("summary", "tags", "group")[:_RECENT])
        metrics = Counter(
            key
            for summary, _tags, _group in recent
            for key, value in summary.items()
            if not key.startswith("_") and key not in AXES.values() and number(value) is not None
        )
        tags = Counter(str(tag) for _summary, tags, _group in recent for tag in tags)
        return cls(
            [key for key, _count in metrics.most_common(METRIC_COLUMNS)],
            sorted(tag for tag, _count in tags.most_common(_MOST_TAGS)),
            sorted({group for _summary, _tags, group in recent if group}),
        )


@dataclass(frozen=True)
class Narrowed:
    """What a person wants to see of a project's runs, as the address says it."""

    search: str
    state: Choice
    user: Choice
    tag: Choice
    group: Choice
    sort: Choice

    @classmethod
    def of(cls, query: Mapping[str, str], project: Project, usual: Usual) -> Narrowed:
        people = User.objects.filter(memberships__team=project.team).order_by("username")
        names = [(name, name) for name in people.values_list("username", flat=True)[:_MOST_PEOPLE]]
        # A tag or a group that no recent run has can be named too: links lead to it.
        tags = sorted({*usual.tags, *filter(None, [typed(query, "tag")])})
        groups = sorted({*usual.groups, *filter(None, [typed(query, "group")])})
        orders = [
            ("", _("Newest first")), ("oldest", _("Oldest first")), ("active", _("Last active")), ("name", _("Name")),
            *by_metric(usual.metrics),
        ]  # fmt: skip
        return cls(
            typed(query),
            Choice.of(query, "state", _("Every state"), RunState.choices),
            Choice.of(query, "user", _("Every person"), names),
            Choice.of(query, "tag", _("Every tag"), [(tag, tag) for tag in tags]),
            Choice.of(query, "group", _("Every group"), [(group, group) for group in groups]),
            Choice.of(query, "sort", _("Sort by"), orders),
        )

    @property
    def filters(self) -> list[Choice]:
        return [one for one in (self.state, self.user, self.tag, self.group) if one is not self.group or one.options]

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or any(choice.chosen for choice in self.filters))

    def page_of(self, rows: QuerySet[Run], after: str) -> Page[Run]:
        """Give the page of those it leaves that follows `after`, in the order it says."""
        chosen, left = self.sort.chosen, self.of_rows(rows)
        if chosen in ORDERS:
            return page_of(left, ORDERS[chosen], after)
        way, _, metric = chosen.partition(":")
        return Ranking(metric, descending=way == HIGHEST).page_of(left, after)

    def of_rows(self, rows: QuerySet[Run]) -> QuerySet[Run]:
        rows = rows.select_related("user").defer(*_UNSHOWN)
        if self.search:
            rows = rows.filter(Q(display_name__icontains=self.search) | Q(name__icontains=self.search))
        if self.state.chosen:
            rows = rows.filter(state=self.state.chosen)
        if self.user.chosen:
            rows = rows.filter(user__username=self.user.chosen)
        if self.group.chosen:
            rows = rows.filter(group=self.group.chosen)
        if self.tag.chosen:
            # Tags are JSON as text: the tag as it is written there, with its quotes.
            rows = rows.filter(tags__contains=json.dumps(self.tag.chosen, ensure_ascii=False))
        return rows


def by_metric(metrics: Iterable[str]) -> list[tuple[str, str]]:
    """Give the orders by each metric, as the address says them."""
    orders = []
    for metric in metrics:
        orders.append((f"{LOWEST}:{metric}", _("%s, lowest first") % metric))
        orders.append((f"{HIGHEST}:{metric}", _("%s, highest first") % metric))
    return orders


def listed(runs: Iterable[Run], metrics: Sequence[str]) -> list[Row]:
    return [Row(run, lasted(run), [number(run.summary.get(metric)) for metric in metrics]) for run in runs]


def lasted(run: Run) -> timedelta:
    return (run.finished_at or timezone.now()) - run.created_at
