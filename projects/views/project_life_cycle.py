"""Rename a project, archive it and bring it back: forms of the page where it is edited. For admins of its team."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from projects.access import project_named
from projects.models import Project
from projects.services import change_project_whole
from teams.access import require_role
from teams.accounts.signed_in import person
from teams.models import Role


@require_POST
@login_required
def rename(request: HttpRequest, team: str, project: str) -> HttpResponse:
    found = _own(request, team, project)
    try:
        found = change_project_whole(found, {"name": request.POST.get("name", "")}, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is called %s now; the old name leads here.") % found.name)
    return redirect("edit_project", found.team.name, found.name)


@require_POST
@login_required
def archive(request: HttpRequest, team: str, project: str) -> HttpResponse:
    found, archived = _own(request, team, project), request.POST.get("archived") == "yes"
    change_project_whole(found, {"archived": archived}, by=person(request))
    messages.success(request, _("%s is archived.") % found.name if archived else _("%s is back.") % found.name)
    return redirect("project", found.team.name, found.name)


def _own(request: HttpRequest, team: str, project: str) -> Project:
    found = project_named(person(request), team, project)
    require_role(person(request), found.team, Role.ADMIN)
    return found
