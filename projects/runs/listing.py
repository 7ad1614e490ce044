"""The run list: its columns, filters, sort orders and pagination."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.pages.keyset_pagination import Order, page_of
from common.pages.list_filters import ListFilter, typed_filter
from common.pages.newest_first import Page
from projects.charts.chart_json import AXES
from projects.history.first_metrics import MOST_LISTED, with_listed_metrics
from projects.history.row_values import number
from projects.models import Project, Run, RunState
from projects.runs.metric_sorting import MetricSorting
from teams.models import User

# So many of the newest runs say which metrics and tags are usual in a project.
_RECENT = 100
METRIC_COLUMNS, _MOST_TAGS, _MOST_PEOPLE = 4, 50, 200
# What is large and in no list.
UNSHOWN = (
    "config", "summary", "client_summary", "first_metrics", "telemetry", "notes", "program", "line_bases", "left_out",
    "differing_rows", "removed_rows", "writers", "reached", "branch",
)  # fmt: skip
LOWEST, HIGHEST = "lowest", "highest"
ORDERS = {
    "": Order("pk", descending=True),
    "oldest": Order("pk"),
    "active": Order("heartbeat_at", descending=True),
    "name": Order("display_name"),
}


@dataclass(frozen=True)
class RunRow:
    """A run in a list. `metrics` stand in the order of the columns; None where it logged none of that name.

    Where it `has_more` metrics than lists know of, it may have.
    """

    run: Run
    duration: timedelta
    metrics: Sequence[float | None]
    has_more: bool


@dataclass(frozen=True)
class CommonColumns:
    """What the newest runs of a project have, the most frequent first."""

    metrics: Sequence[str]
    tags: Sequence[str]
    groups: Sequence[str] = ()

    @classmethod
    def of(cls, project: Project) -> CommonColumns:
        newest = with_listed_metrics(Run.objects.filter(project=project)).order_by("-pk")
        recent = list(newest.values_list("listed_metrics", "tags", "group")[:_RECENT])
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
class FilteredRuns:
    """What a person wants to see of a project's runs, as the address says it."""

    search: str
    state: ListFilter
    user: ListFilter
    tag: ListFilter
    group: ListFilter
    sort: ListFilter

    @classmethod
    def of(cls, query: Mapping[str, str], project: Project, usual: CommonColumns) -> FilteredRuns:
        people = User.objects.filter(memberships__team=project.team).order_by("username")
        names = [(name, name) for name in people.values_list("username", flat=True)[:_MOST_PEOPLE]]
        # A tag or a group that no recent run has can be named too: links lead to it.
        tags = sorted({*usual.tags, *filter(None, [typed_filter(query, "tag")])})
        groups = sorted({*usual.groups, *filter(None, [typed_filter(query, "group")])})
        orders = [
            ("", _("Newest first")), ("oldest", _("Oldest first")), ("active", _("Last active")), ("name", _("Name")),
            *metric_sort_orders(usual.metrics),
        ]  # fmt: skip
        return cls(
            typed_filter(query),
            ListFilter.of(query, "state", _("Every state"), RunState.choices),
            ListFilter.of(query, "user", _("Every person"), names),
            ListFilter.of(query, "tag", _("Every tag"), [(tag, tag) for tag in tags]),
            ListFilter.of(query, "group", _("Every group"), [(group, group) for group in groups]),
            ListFilter.of(query, "sort", _("Sort by"), orders),
        )

    @property
    def filters(self) -> list[ListFilter]:
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
        return MetricSorting(metric, descending=way == HIGHEST).page_of(left, after)

    def of_rows(self, rows: QuerySet[Run]) -> QuerySet[Run]:
        rows = with_listed_metrics(rows).select_related("user").defer(*UNSHOWN)
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


def metric_sort_orders(metrics: Iterable[str]) -> list[tuple[str, str]]:
    """Give the orders by each metric, as the address says them."""
    orders = []
    for metric in metrics:
        orders.append((f"{LOWEST}:{metric}", _("%s, lowest first") % metric))
        orders.append((f"{HIGHEST}:{metric}", _("%s, highest first") % metric))
    return orders


def run_rows(runs: Iterable[Any], metrics: Sequence[str]) -> list[RunRow]:
    """Give the rows of runs that have their `listed_metrics`."""
    return [
        RunRow(
            run,
            run_duration(run),
            [number(run.listed_metrics.get(metric)) for metric in metrics],
            has_more=len(run.listed_metrics) == MOST_LISTED,
        )
        for run in runs
    ]


def newest_runs(project: Project, count: int) -> QuerySet[Run]:
    """Give the newest runs as lists show them."""
    rows = with_listed_metrics(Run.objects.filter(project=project)).select_related("user").defer(*UNSHOWN)
    return rows.order_by("-pk")[:count]


def run_duration(run: Run) -> timedelta:
    return (run.finished_at or timezone.now()) - run.created_at
