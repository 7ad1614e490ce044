"""Page of a team: its projects, with pagination, and the form for a new one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from common.pages.keyset_pagination import Order, page_of
from projects import services
from projects.forms import NewProjectForm
from projects.models import Project, Run
from projects.runs.listing import UNSHOWN
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role
from teams.team_frame import team_page


@login_required
def team(request: HttpRequest, team: str) -> HttpResponse:
    """The projects of a team. Its members make new ones."""
    least = Role.MEMBER if request.method == "POST" else Role.VIEWER
    found = team_named(person(request), team, least)
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = services.create_project(found, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The project %s is there.") % project)
            return redirect("runs", found.name, project.name)
    page = page_of(Project.objects.filter(team=found), Order("name"), request.GET.get("after", ""))
    shown = {**team_page(person(request), found), "projects": _projects(page.rows), "page": page, "form": form}
    return render(request, "projects/team.html", shown)


def _projects(page: Iterable[Project]) -> list[Any]:
    """Give the projects with how many runs they have, and the newest of these."""
    newest_run = Run.objects.filter(project=OuterRef("pk")).order_by("-pk")
    rows: QuerySet[Project, Any] = Project.objects.filter(pk__in=[project.pk for project in page]).annotate(
        run_count=Count("runs", filter=Q(runs__deletion=None)),
        active_at=Subquery(newest_run.values("heartbeat_at")[:1]),
        last_run_id=Subquery(newest_run.values("pk")[:1]),
    )
    found = list(rows.select_related("team").order_by("name"))
    listed = Run.objects.select_related("project__team").defer(*UNSHOWN)
    runs = listed.in_bulk([row.last_run_id for row in found if row.last_run_id])
    for row in found:
        row.last_run = runs.get(row.last_run_id)
    return found
