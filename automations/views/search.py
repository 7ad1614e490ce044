"""Search by a part of the name, over all that a person can see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from automations.access import automations_of
from common.pages.list_filters import typed_filter
from projects.models import Project, Run
from registries.access import registries_of
from teams import access
from teams.accounts.signed_in import person
from teams.models import User

_OFFERED, _LISTED = 4, 30


@dataclass(frozen=True)
class SearchHit:
    name: str
    place: str
    url: str


@dataclass(frozen=True)
class SearchGroup:
    """What was found of one kind. `has_more` where the list was cut."""

    icon: str
    label: str | Promise
    rows: list[SearchHit]
    has_more: bool


@require_safe
@login_required
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    wanted = typed_filter(request.GET)
    is_part = "HX-Request" in request.headers
    groups = _groups(person(request), wanted, _OFFERED if is_part else _LISTED) if wanted else []
    context = {"groups": groups, "searched": wanted, "place": "search"}
    return render(request, "automations/_search_hits.html" if is_part else "automations/search.html", context)


def _groups(user: User, wanted: str, most: int) -> list[SearchGroup]:
    projects = access.in_teams_of(user, Project.objects.select_related("team")).order_by("name")
    runs = access.in_teams_of(user, Run.objects.select_related("project__team"), "project__team").order_by("-pk")
    automations = automations_of(user).order_by("name")
    registries = registries_of(user).order_by("name")
    named = Q(name__icontains=wanted)
    groups = [
        _group("projects", _("Projects"), projects.filter(named), most, "team"),
        _group("bell", _("Automations"), automations.filter(named), most, "place"),
        _group("registry", _("Registries"), registries.filter(named), most, "organization"),
        _group("run", _("Runs"), runs.filter(named | Q(display_name__icontains=wanted)), most, "project"),
    ]
    return [group for group in groups if group.rows]


def _group(
    icon: str, label: str | Promise, rows: QuerySet[Run] | Iterable[object], most: int, place: str
) -> SearchGroup:
    found = list(rows[: most + 1])  # type: ignore[index]  # querysets of several models
    listed = [SearchHit(_name(row), str(getattr(row, place)), row.get_absolute_url()) for row in found[:most]]
    return SearchGroup(icon, label, listed, len(found) > most)


def _name(row: object) -> str:
    return str(row) if isinstance(row, Run) else str(getattr(row, "name", row))
