"""Pages: exports of the teams that a person administers, and the form that asks for one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.data.strict_json import storable
from common.pages.newest_first import newest
from operations.archives import archive_jobs
from operations.archives.archive_download import download
from projects.access import project_named
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role
from teams.sign_in.confirm_identity import asks_first


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def exports(request: HttpRequest) -> HttpResponse:
    """What was exported and imported lately; an admin of a team asks for an export of it, or of a project."""
    by, refused = person(request), ""
    if request.method == "POST":
        name = storable(request.POST.get("name", "").strip())
        team_name, _slash, project_name = name.partition("/")
        team = team_named(by, team_name, Role.ADMIN)
        project = project_named(by, team_name, project_name, Role.ADMIN) if project_name else None
        try:
            archive_jobs.ask_for_export(team, project, format="", by=by)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("%s is being exported. The archive will be here.") % name)
            return redirect("exports")
    page = newest(archive_jobs.jobs_of(by), request.GET.get("before", ""))
    shown = {
        "jobs": page.rows, "page": page, "place": "person", "refused": refused,
        "name": request.POST.get("name", request.GET.get("name", "")),
    }  # fmt: skip
    return render(request, "operations/exports.html", shown, status=422 if refused else 200)


@require_safe
@login_required
@asks_first
def exported_archive(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The archive, to be saved."""
    job = archive_jobs.job_numbered(person(request), pk)
    try:
        return download(job, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("exports")
