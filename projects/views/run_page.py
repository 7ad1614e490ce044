"""Pages of one run: state, timeline, charts, editing, stop request."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from common.pages.list_filters import typed_filter
from projects.access import run_named
from projects.charts.chart_json import chart_columns
from projects.charts.panels import panels_of, stream_of
from projects.charts.pinned_metrics import pinned_metrics
from projects.console.run_ending import run_ending
from projects.forms import RunForm
from projects.history.row_tombstone import removed_rows
from projects.media.media_values import is_media
from projects.models import Run, RunState
from projects.project_frame import project_page
from projects.runs import lifecycle
from projects.runs.editing import EDITABLE, edit_run
from projects.runs.listing import run_duration
from projects.runs.timeline import run_timeline
from teams.access import may
from teams.accounts.signed_in import person
from teams.models import Role


@require_safe
@login_required
def run(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The page of a run. What its machine logged comes by itself once somebody looks there."""
    found = run_named(person(request), team, project, run)
    search = typed_filter(request.GET, "metric")
    shown = {
        **project_page(person(request), found.project, "runs"),
        "run": found,
        "may_edit": may(person(request), found.project.team, Role.MEMBER),
        "may_stop": found.state == RunState.RUNNING and may(person(request), found.project.team, Role.MEMBER),
        "lasted": run_duration(found),
        "moments": run_timeline(found),
        "ending": run_ending(found),
        "removed": removed_rows(found),
        "panels": panels_of(found, search=search, pins=pinned_metrics(request.COOKIES)),
        "search": search,
        "summary": _summary(found),
    }
    return render(request, "projects/run.html", shown)


def _summary(run: Run) -> dict[str, Any]:
    """Give the summary but media, which stand by themselves, and what the SDK notes for itself."""
    return {key: value for key, value in run.shown_summary.items() if not key.startswith("_") and not is_media(value)}


@require_safe
@login_required
def state(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """What changes at the top of a run's page while it runs."""
    found = run_named(person(request), team, project, run)
    shown = {
        **project_page(person(request), found.project, "runs"),
        "run": found,
        "lasted": run_duration(found),
        "moments": run_timeline(found),
        "ending": run_ending(found),
        "is_part": True,
    }
    return render(request, "projects/_state.html", shown)


@require_safe
@login_required
@vary_on_headers("HX-Request")
def panels(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """More charts of the run: a part of its page, or a page of its own."""
    found = run_named(person(request), team, project, run)
    search, after = typed_filter(request.GET, "metric"), request.GET.get("after", "")
    stream, pins = stream_of(request.GET.get("stream", "")), pinned_metrics(request.COOKIES)
    part = panels_of(found, stream=stream, after=after, search=search, pins=pins)
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
        lifecycle.stop_run(found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The script of %s is told to stop when it next sends something.") % found)
    return redirect("run", team, project, run)


@require_safe
@login_required
def metrics(request: HttpRequest, team: str, project: str, run: str) -> JsonResponse:
    """What the charts of the run draw: all of them, those between `first` and `last`, or `only` those named."""
    found: Run = run_named(person(request), team, project, run)
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    between, only = (first, last) if last else None, set(request.GET.getlist("only"))
    stream = stream_of(request.GET.get("stream", ""))
    return JsonResponse(chart_columns(found, stream=stream, between=between, only=only))
