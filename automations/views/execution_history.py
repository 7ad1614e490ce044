"""The execution history, newest first: of a project, a registry, one automation, or about one run or version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from automations.access import executions_of, executions_shown
from automations.actions import action
from automations.definitions import former_names
from automations.insight.health_strip import newest_of
from automations.insight.subject_addresses import with_former
from automations.models import Automation, Execution, ExecutionState
from automations.views import page_frames
from automations.views.page_frames import PageFrame
from common.pages.list_filters import ListFilter
from common.pages.newest_first import SIZE, Page, newest
from events import event_types
from projects.access import project_named, run_named
from projects.project_frame import project_page
from registries.access import registry_named
from teams import access
from teams.accounts.signed_in import person
from teams.models import User
from teams.team_frame import team_page

# More names than these are no help in a select.
_MOST_NAMES = 200
_MOST_VERSIONS = 500
_LATELY = 6
# What stands on the page of the subject; the rest is one click away.
_OF_PART = 8
# Of so many automations the newest are looked for one by one; of more, all at once.
_MOST_ENDS = 200


@require_safe
@login_required
@vary_on_headers("HX-Request")
def of_project(request: HttpRequest, team: str, project: str) -> HttpResponse:
    found = project_named(person(request), team, project)
    return _tab(request, page_frames.of_project(person(request), found, "history"))


@require_safe
@login_required
@vary_on_headers("HX-Request")
def of_registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    found = registry_named(person(request), organization, registry)
    return _tab(request, page_frames.of_registry(person(request), found, "history"))


@require_safe
@login_required
@vary_on_headers("HX-Request")
def about(request: HttpRequest) -> HttpResponse:
    """What one subject caused, by its address: a page, or a part that any page loads.

    `versions`: a collection's page gives the highest number, so that what its versions caused counts too.
    """
    subject, versions = request.GET.get("subject", "")[:500], request.GET.get("versions", "")
    urls = [subject]
    if versions.isascii() and versions.isdigit():
        highest = int(versions[:9])
        urls += [f"{subject}/v{index}" for index in range(highest, max(-1, highest - _MOST_VERSIONS), -1)]
    rows = executions_of(person(request)).filter(subject_url__in=with_former(urls))
    return _caused(request, rows, {"subject": subject, "place": "hub"})


@require_safe
@login_required
@vary_on_headers("HX-Request")
def of_run(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The executions that a run caused, of every scope it happened in, as far as this person may see them."""
    found = run_named(person(request), team, project, run)
    rows = executions_of(person(request)).filter(subject_url__in=with_former([found.get_absolute_url()]))
    frame = {**project_page(person(request), found.project, "runs"), "run": found}
    return _caused(request, rows, {"subject": found.get_absolute_url(), **frame})


@require_safe
@login_required
@vary_on_headers("HX-Request")
def lately(request: HttpRequest, team: str) -> HttpResponse:
    """The last executions of a team: a page of its own, or the part of it that the team's page loads."""
    found = access.team_named(person(request), team)
    rows = executions_shown().filter(team=found).select_related("automation").order_by("-pk")[:_LATELY]
    template = (
        "automations/_recent_executions.html"
        if "HX-Request" in request.headers
        else "automations/recent_executions.html"
    )
    return render(request, template, {**team_page(person(request), found), "rows": rows})


@require_safe
@login_required
@vary_on_headers("HX-Request")
def lately_in_project(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """The last executions because of a project, as a part of its first page; without scripts its history."""
    found = project_named(person(request), team, project)
    if "HX-Request" not in request.headers:
        return redirect("history", team, project)
    mine = access.in_teams_of(person(request), Automation.objects.filter(page_frames.in_project(found)))
    rows = Execution.objects.filter(automation__in=list(mine.values_list("pk", flat=True)))
    page = newest(rows.select_related("automation"), "", _LATELY)
    return render(
        request, "automations/_recent_executions.html", {**team_page(person(request), found.team), "rows": page.rows}
    )


def history_part(request: HttpRequest, automations: Sequence[int], filters: Sequence[ListFilter]) -> dict[str, Any]:
    """Give a page of their executions with the state filter, and what tells whether it has changed since last seen."""
    states = ListFilter.of(request.GET, "state", _("Every state"), ExecutionState.choices, former=former_names.STATES)
    seen_newest = request.GET.get("newest", "")
    page = _newest(automations, states.chosen, request.GET.get("before", ""))
    chosen = [*filters, states]
    return {
        "page": page,
        "filters": chosen,
        "is_filtered": any(choice.chosen for choice in chosen),
        "digest": _digest(page),
        "newest": page.rows[0].pk if page.rows else 0,
        "new_since": int(seen_newest[:18]) if seen_newest.isascii() and seen_newest.isdigit() else None,
    }


def answered(request: HttpRequest, part: dict[str, Any]) -> HttpResponse | None:
    """Give the answer to a page that looks whether there is more: nothing where nothing changed. None to others."""
    if "HX-Request" not in request.headers or "seen" not in request.GET:
        return None
    if request.GET["seen"] == part["digest"]:
        return HttpResponse(status=204)
    # The links of the part are those of the page it stands on.
    query = request.GET.copy()
    for name in ("seen", "newest"):
        query.pop(name, None)
    request.GET = query  # type: ignore[assignment]
    return render(request, "automations/_history.html", part)


def _tab(request: HttpRequest, frame: PageFrame) -> HttpResponse:
    assert frame.inside is not None
    # Also deleted ones: their history stays.
    mine = access.in_teams_of(person(request), Automation.objects.filter(frame.inside))
    filters = _filters(request, person(request), mine)
    part = history_part(request, list(_chosen(mine, filters).values_list("pk", flat=True)), filters)
    return answered(request, part) or frame.render(request, "automations/history.html", part)


def _filters(request: HttpRequest, user: User, rows: QuerySet[Automation]) -> list[ListFilter]:
    named = rows.order_by("deleted_at", "name").values_list("pk", "name")[:_MOST_NAMES]
    return [
        ListFilter.of(request.GET, "automation", _("Every automation"), [(str(pk), name) for pk, name in named]),
        ListFilter.of(
            request.GET, "event", _("Every event"), [(kind.key, kind.label) for kind in event_types.registry]
        ),
        ListFilter.of(request.GET, "action", _("Every action"), [(kind.key, kind.label) for kind in action.registry]),
    ]


def _chosen(rows: QuerySet[Automation], filters: Sequence[ListFilter]) -> QuerySet[Automation]:
    columns = {"automation": "pk", "event": "event_type", "action": "action_type"}
    return rows.filter(**{columns[choice.name]: choice.chosen for choice in filters if choice.chosen})


def _caused(request: HttpRequest, rows: QuerySet[Execution], context: dict[str, Any]) -> HttpResponse:
    is_part = "HX-Request" in request.headers
    page = newest(rows, request.GET.get("before", ""), _OF_PART if is_part else SIZE)
    if is_part and page.older:
        # The page around it knows nothing of pages of these: they are on the page of this address.
        page, context = replace(page, older=None), {**context, "all": request.get_full_path()}
    shown = {"page": page, "count": rows.count(), **context}
    return render(request, "automations/_caused.html" if is_part else "automations/caused.html", shown)


def _newest(automations: Sequence[int], state: str, before: str) -> Page[Execution]:
    rows = Execution.objects.filter(state=state) if state else Execution.objects.all()
    mine = Q(automation__in=automations)
    if len(automations) <= _MOST_ENDS:
        start = before[:18] if before.isascii() and before.isdigit() else ""
        mine = newest_of(automations, SIZE + 1, rows.filter(pk__lt=start) if start else rows)
    return newest(rows.filter(mine).select_related("automation__project__team"), before)


def _digest(page: Page[Execution]) -> str:
    seen = [(row.pk, row.state, row.attempts_made, row.count) for row in page.rows]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
