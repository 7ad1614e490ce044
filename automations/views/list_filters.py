"""Filtering, sorting and pagination of lists of automations, for the hub and each tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from automations.actions import action
from automations.definitions import former_names, scope_type
from automations.models import Automation, Execution, ExecutionState
from automations.views.page_context import automations_with_health
from common.pages.keyset_pagination import Order, page_of
from common.pages.list_filters import ListFilter, typed_filter
from events import event_types
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role, User

_SORTS = {
    "new": (gettext_lazy("Newest"), Order("id", descending=True)),
    "fired": (gettext_lazy("Last fired"), Order("last_execution", descending=True)),
    "name": (gettext_lazy("Name"), Order("lower_name")),
}
_STATES = {
    "on": (gettext_lazy("On"), Q(enabled=True)),
    "off": (gettext_lazy("Off"), Q(enabled=False)),
    "attention": (gettext_lazy("Needs attention"), ~Q(problem="")),
}
_FORMER = {"last": former_names.STATES}
# What a filter looks at, by its name in the address.
_COLUMNS = {"team": "team__name", "scope": "scope_type", "event": "event_type", "action": "action_type"}


def filtered_automations(request: HttpRequest, rows: QuerySet[Automation], offered: Sequence[str]) -> dict[str, Any]:
    """Give what the list's template shows; `offered` are the filters that make sense there."""
    user = person(request)
    filters, searched = _filters(request, offered), typed_filter(request.GET)
    sort = ListFilter.of(request.GET, "sort", _("Sort by"), [(key, word) for key, (word, _order) in _SORTS.items()])
    _word, order = _SORTS[sort.chosen or "new"]
    page = page_of(_narrowed(_sortable(rows), filters, searched), order, request.GET.get("after", ""))
    return {
        "page": page,
        "rows": automations_with_health(page.rows, _may_switch(user)),
        "filters": filters,
        "searched": searched,
        "sort": sort,
        "is_filtered": bool(searched or any(choice.chosen for choice in filters)),
        "is_empty": not page.rows and not rows.exists(),
    }


def _may_switch(user: User) -> dict[int, bool]:
    return {membership.team_id: membership.role != Role.VIEWER for membership in access.memberships_of(user)}


def _filters(request: HttpRequest, offered: Sequence[str]) -> list[ListFilter]:
    teams = [(team.name, team.name) for team in access.teams_of(person(request))] if "team" in offered else []
    every: list[tuple[str, Any, Sequence[tuple[str, Any]]]] = [
        ("team", _("Every team"), teams if len(teams) > 1 else []),
        ("scope", _("Every scope"), [(kind.key, kind.label) for kind in scope_type.registry]),
        ("event", _("Every event"), [(kind.key, kind.label) for kind in event_types.registry]),
        ("action", _("Every action"), [(kind.key, kind.label) for kind in action.registry]),
        ("state", _("On or off"), [(key, word) for key, (word, _q) in _STATES.items()]),
        ("last", _("Last execution"), ExecutionState.choices),
    ]
    return [
        ListFilter.of(request.GET, name, label, options, former=_FORMER.get(name))
        for name, label, options in every
        if options and name in offered
    ]


def _narrowed(rows: QuerySet[Automation], filters: Sequence[ListFilter], searched: str) -> QuerySet[Automation]:
    chosen = {choice.name: choice.chosen for choice in filters if choice.chosen}
    rows = rows.filter(**{_COLUMNS[name]: value for name, value in chosen.items() if name in _COLUMNS})
    if "state" in chosen:
        rows = rows.filter(_STATES[chosen["state"]][1])
    if "last" in chosen:
        rows = rows.filter(Exists(Execution.objects.filter(pk=OuterRef("last_execution"), state=chosen["last"])))
    if searched:
        named = Q(name__icontains=searched) | Q(description__icontains=searched) | Q(scope_name__icontains=searched)
        rows = rows.filter(named)
    return rows


def _sortable(rows: QuerySet[Automation]) -> QuerySet[Automation]:
    """Give the columns that lists are sorted by; none of them is NULL."""
    newest = Execution.objects.filter(automation=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    return rows.annotate(last_execution=Coalesce(Subquery(newest), 0), lower_name=Lower("name"))
