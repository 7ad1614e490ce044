"""One run: how it goes, what it was given, what it logged."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from common.filters import typed
from projects import services
from projects.access import run_named
from projects.editing import EDITABLE, edit_run
from projects.forms import RunForm
from projects.listed import lasted
from projects.lives import life
from projects.models import Run, RunState
from projects.pages import project_page
from projects.panels import panels_of, stream_of
from projects.plotted import plotted
from teams.access import may
from teams.models import Role
from teams.people import person


@require_safe
@login_required
def run(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The page of a run. What its machine logged comes by itself once somebody looks there."""
    found = run_named(person(request), team, project, run)
    search = typed(request.GET, "metric")
    shown = {
        **project_page(person(request), found.project, "runs"),
        "run": found,
        "may_edit": may(person(request), found.project.team, Role.MEMBER),
        "may_stop": found.state == RunState.RUNNING and may(person(request), found.project.team, Role.MEMBER),
        "lasted": lasted(found),
        "moments": life(found),
        "panels": panels_of(found, search=search),
        "search": search,
        "summary": {key: value for key, value in found.shown_summary.items() if not key.startswith("_")},
    }
    return render(request, "projects/run.html", shown)


@require_safe
@login_required
def state(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """What changes at the top of a run's page while it runs."""
    found = run_named(person(request), team, project, run)
    shown = {"run": found, "lasted": lasted(found), "moments": life(found), "is_part": True}
    return render(request, "projects/_state.html", {**project_page(person(request), found.project, "runs"), **shown})


@require_safe
@login_required
@vary_on_headers("HX-Request")
def panels(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """More charts of the run: a part of its page, or a page of its own."""
    found = run_named(person(request), team, project, run)
    search, after = typed(request.GET, "metric"), request.GET.get("after", "")
    part = panels_of(found, stream=stream_of(request.GET.get("stream", "")), after=after, search=search)
    template = "projects/_panels.html" if "HX-Request" in request.headers else "projects/panels.html"
    frame = project_page(person(request), found.project, "runs")
    return render(request, template, {**frame, "run": found, "panels": part, "search": search})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """Name the run, tag it, and note what it was about."""
    found = run_named(person(request), team, project, run, Role.MEMBER)
    form = RunForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(found, name) for name in EDITABLE},
        label_suffix="",
    )
    if form.is_valid():
        edit_run(found, form.cleaned_data, by=person(request))
        messages.success(request, _("What is said of this run is changed."))
        return redirect("run", team, project, run)
    shown = {**project_page(person(request), found.project, "runs"), "run": found, "form": form}
    return render(request, "projects/edit_run.html", shown, status=422 if form.is_bound else 200)


@require_POST
@login_required
def stop(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """Ask the run's script to stop."""
    found = run_named(person(request), team, project, run, Role.MEMBER)
    try:
        services.stop_run(found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The script of %s is told to stop when it next sends something.") % found)
    return redirect("run", team, project, run)


@require_safe
@login_required
def metrics(request: HttpRequest, team: str, project: str, run: str) -> JsonResponse:
    """What the charts of the run draw: all of them, or those whose names stand between `first` and `last`."""
    found: Run = run_named(person(request), team, project, run)
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    between = (first, last) if last else None
    return JsonResponse(plotted(found, stream=stream_of(request.GET.get("stream", "")), between=between))
