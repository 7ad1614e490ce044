"""Pages: a project's overview and its settings, and the list of its runs, which polls for changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from projects.access import project_named
from projects.forms import ProjectForm
from projects.models import Run, RunState
from projects.project_frame import project_page
from projects.runs.listing import CommonColumns, FilteredRuns, newest_runs, run_rows
from projects.services import CHANGEABLE, change_project
from teams.accounts.signed_in import person
from teams.models import Role

_LATEST = 6
# Larger numbers say nothing more, and counting them takes time.
MOST_COUNTED = 1000


@require_safe
@login_required
def project(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """What a project is about, and what happened in it lately."""
    found = project_named(person(request), team, project)
    there = Run.objects.filter(project=found)
    usual = CommonColumns.of(found)
    shown = {
        **project_page(person(request), found, "project"),
        "run_count": _counted(there),
        "running_count": _counted(there.filter(state=RunState.RUNNING)),
        "metrics": usual.metrics,
        "rows": run_rows(newest_runs(found, _LATEST), usual.metrics),
        "runbell_url": settings.RUNBELL_URL,
    }
    return render(request, "projects/overview.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """Describe the project, and set whether automations act on values that come late."""
    found = project_named(person(request), team, project, Role.MEMBER)
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(found, name) for name in CHANGEABLE},
        label_suffix="",
    )
    if form.is_valid():
        change_project(found, form.cleaned_data, by=person(request))
        messages.success(request, _("The project is changed."))
        return redirect("project", team, project)
    shown = {**project_page(person(request), found, "project"), "form": form}
    return render(request, "projects/edit_project.html", shown, status=422 if form.is_bound else 200)


@require_safe
@login_required
@vary_on_headers("HX-Request")
def runs(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """The runs of a project. A page that looks whether there is more gets the table alone, if anything changed."""
    found = project_named(person(request), team, project)
    usual = CommonColumns.of(found)
    narrowed = FilteredRuns.of(request.GET, found, usual)
    page = narrowed.page_of(Run.objects.filter(project=found), request.GET.get("after", ""))
    shown = {
        **project_page(person(request), found, "runs"),
        "page": page,
        "metrics": usual.metrics,
        "rows": run_rows(page.rows, usual.metrics),
        "narrowed": narrowed,
        "runbell_url": settings.RUNBELL_URL,
        "digest": _digest(page.rows),
    }
    if "HX-Request" not in request.headers or "seen" not in request.GET:
        return render(request, "projects/runs.html", shown)
    if request.GET["seen"] == shown["digest"]:
        return HttpResponse(status=204)
    # The links of the part are those of the page it stands on.
    query = request.GET.copy()
    query.pop("seen")
    request.GET = query  # type: ignore[assignment]
    return render(request, "projects/_runs.html", shown)


def _counted(rows: QuerySet[Run]) -> str:
    """Give how many there are, as far as that is worth counting."""
    count = len(rows.order_by().values_list("pk")[: MOST_COUNTED + 1])
    return str(count) if count <= MOST_COUNTED else _("more than %s") % f"{MOST_COUNTED:,}"


def _digest(rows: Iterable[Run]) -> str:
    """Tell the page apart from what it was. Not by its running lengths: those follow from the rest."""
    seen: list[Any] = [
        (run.pk, run.state, run.heartbeat_at, run.rows_logged, run.display_name, run.tags) for run in rows
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
