"""Make, change, copy and delete an automation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from automations import scopes, services
from automations.access import automation_numbered
from automations.drafts import Draft
from automations.forms import EVENT
from automations.given import Given
from automations.models import Automation
from automations.serializers import draft_of
from automations.views import frames
from automations.views.asked import Asked, place_asked, scope_in
from automations.views.found import shown
from automations.views.wizard import Task, Turn, choose_event, chosen_event, show, steps_at
from events import types
from projects.access import project_named
from teams.models import Role
from teams.people import person


@login_required
def new(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """In a project, whose address says where."""
    found = project_named(person(request), team, project, Role.MEMBER)
    return _make(request, Asked(scopes.of_project(found), []))


@login_required
def new_in_registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    asked = place_asked(request, {"type": "registry", "name": f"{organization}/{registry}"})
    return _make(request, asked)


@login_required
def new_anywhere(request: HttpRequest) -> HttpResponse:
    """First the scope, where the address does not say it."""
    sent = scope_in(request)
    if not sent:
        return _choose_scope(request)
    try:
        asked = place_asked(request, sent)
    except (ValidationError, Http404) as error:
        said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        return _choose_scope(request, said, status=404)
    return _make(request, asked)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    start, given = _read(automation), Given.of_draft(draft_of(automation))

    def save(draft: Draft) -> Automation:
        # Read anew: a refused change would stand in the row that the page shows.
        return services.change_automation(automation_numbered(person(request), pk, Role.MEMBER), draft)

    task = Task(_("Edit %s") % automation.name, _("Save changes"), lambda _event: given, save, automation, start)
    return _wizard(request, Asked(scopes.of_automation(automation), []), task, _("“%s” is saved."))


@login_required
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the wizard with what another automation has."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    place, draft = scopes.of_automation(automation), draft_of(automation)
    given = Given.of_draft(Draft(**{**vars(draft), "name": _("%s, copy") % draft.name[:240]}))
    task = Task(
        _("Copy %s") % automation.name, _("Create automation"), lambda _event: given,
        lambda draft: services.create_automation(place, draft, by=person(request)), None, _read(automation),
    )  # fmt: skip
    return _wizard(request, Asked(place, []), task, _("“%s” is made."))


@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and say what will be lost; then take it out of use."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    frame = frames.of_automation(person(request), automation)
    if request.method == "POST":
        services.delete_automation(automation)
        messages.success(request, _("“%s” is deleted. What it did stays in the history.") % automation.name)
        return redirect(frame.automations)
    (row,) = shown([automation])
    counts = {"waiting": automation.executions.filter(state="pending").count(), "did": automation.executions.count()}
    return frame.render(request, "automations/delete.html", {"row": row, **counts})


def _make(request: HttpRequest, asked: Asked) -> HttpResponse:
    task = Task(
        _("New automation"), _("Create automation"), lambda event: Given.of_query(request.GET, event),
        lambda draft: services.create_automation(asked.place, draft, by=person(request)),
    )  # fmt: skip
    return _wizard(request, asked, task, _("“%s” is made."))


def _wizard(request: HttpRequest, asked: Asked, task: Task, said: str) -> HttpResponse:
    event = chosen_event(request, task)
    if event is None or asked.place.type not in event.scopes:
        return choose_event(request, asked, task, _refused(request, asked))
    turn = Turn(asked, task, event, request.POST if request.method == "POST" else None)
    form = turn.take()
    if turn.made is None:
        return show(request, turn, form)
    messages.success(request, said % turn.made.name)
    return redirect(turn.made)


def _refused(request: HttpRequest, asked: Asked) -> str:
    """Say why the event that was asked for is none to go on with."""
    wanted = request.POST.get("choose") or request.GET.get("event", "")
    if not wanted or request.POST.get("go") == "choose":
        return ""
    known = any(wanted.strip().upper() in (event.wire, event.key.upper()) for event in types.registry)
    text = _("%(event)s does not happen in %(where)s.") if known else _("There is no event “%(event)s”.")
    return text % {"event": wanted, "where": asked.place.name}


def _choose_scope(request: HttpRequest, refused: str = "", status: int = 200) -> HttpResponse:
    asked = {"type": request.GET.get("scope", ""), "name": request.GET.get("in", "")}
    user = person(request)
    kinds = [{"kind": kind, "about": kind.__doc__, "names": kind.names(user)} for kind in scopes.registry]
    context = {"place": "hub", "kinds": kinds, "refused": refused, "asked": asked, "steps": steps_at(EVENT)}
    return render(request, "automations/choose_scope.html", context, status=status)


def _read(automation: Automation) -> type[types.EventType]:
    if automation.event_type not in types.registry:
        text = _("The event %r is not known here, so this cannot be edited.")
        raise Http404(text % automation.event_type)
    return types.registry.get(automation.event_type)
