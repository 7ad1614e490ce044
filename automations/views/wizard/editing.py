"""Wizard pages to create, change, copy and delete an automation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from automations.access import automation_numbered
from automations.definitions import scope_type, scopes, services
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.representation import draft_of
from automations.forms.automation_form import EVENT
from automations.forms.initial_values import InitialValues
from automations.models import Automation
from automations.views import page_frames
from automations.views.page_context import automations_on_page
from automations.views.wizard.request import WizardRequest, place_asked, scope_in
from automations.views.wizard.steps import WizardTask, WizardTurn, choose_event, chosen_event, show, steps_at
from events import event_types
from projects.access import project_named
from teams.accounts.signed_in import person
from teams.models import Role


@login_required
def new(request: HttpRequest, team: str, project: str) -> HttpResponse:
    """In a project, whose address says where."""
    found = project_named(person(request), team, project, Role.MEMBER)
    return _make(request, WizardRequest(scopes.of_project(found), []))


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
    start, given = _read(automation), InitialValues.of_draft(draft_of(automation))

    def save(draft: AutomationDraft) -> Automation:
        # Read anew: a refused change would stand in the row that the page shows.
        return services.change_automation(automation_numbered(person(request), pk, Role.MEMBER), draft)

    task = WizardTask(_("Edit %s") % automation.name, _("Save changes"), lambda _event: given, save, automation, start)
    return _wizard(request, WizardRequest(scopes.of_automation(automation), []), task, _("“%s” is saved."))


@login_required
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the wizard with what another automation has."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    place, draft = scopes.of_automation(automation), draft_of(automation)
    given = InitialValues.of_draft(AutomationDraft(**{**vars(draft), "name": _("%s, copy") % draft.name[:240]}))
    task = WizardTask(
        _("Copy %s") % automation.name, _("Create automation"), lambda _event: given,
        lambda draft: services.create_automation(place, draft, by=person(request)), None, _read(automation),
    )  # fmt: skip
    return _wizard(request, WizardRequest(place, []), task, _("“%s” is made."))


@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and say what will be lost; then take it out of use."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    frame = page_frames.of_automation(person(request), automation)
    if request.method == "POST":
        services.delete_automation(automation)
        messages.success(request, _("“%s” is deleted. What it did stays in the history.") % automation.name)
        return redirect(frame.automations)
    (row,) = automations_on_page([automation])
    counts = {"waiting": automation.executions.filter(state="pending").count(), "did": automation.executions.count()}
    return frame.render(request, "automations/delete.html", {"row": row, **counts})


def _make(request: HttpRequest, asked: WizardRequest) -> HttpResponse:
    task = WizardTask(
        _("New automation"), _("Create automation"), lambda event: InitialValues.of_query(request.GET, event),
        lambda draft: services.create_automation(asked.place, draft, by=person(request)),
    )  # fmt: skip
    return _wizard(request, asked, task, _("“%s” is made."))


def _wizard(request: HttpRequest, asked: WizardRequest, task: WizardTask, said: str) -> HttpResponse:
    event = chosen_event(request, task)
    if event is None or asked.place.type not in event.scopes:
        return choose_event(request, asked, task, _refused(request, asked))
    turn = WizardTurn(asked, task, event, request.POST if request.method == "POST" else None)
    form = turn.take()
    if turn.made is None:
        return show(request, turn, form)
    messages.success(request, said % turn.made.name)
    return redirect(turn.made)


def _refused(request: HttpRequest, asked: WizardRequest) -> str:
    """Say why the event that was asked for is none to go on with."""
    wanted = request.POST.get("choose") or request.GET.get("event", "")
    if not wanted or request.POST.get("go") == "choose":
        return ""
    known = any(wanted.strip().upper() in (event.wire, event.key.upper()) for event in event_types.registry)
    text = _("%(event)s does not happen in %(where)s.") if known else _("There is no event “%(event)s”.")
    return text % {"event": wanted, "where": asked.place.name}


def _choose_scope(request: HttpRequest, refused: str = "", status: int = 200) -> HttpResponse:
    asked = {"type": request.GET.get("scope", ""), "name": request.GET.get("in", "")}
    user = person(request)
    kinds = [{"kind": kind, "about": kind.__doc__, "names": kind.names(user)} for kind in scope_type.registry]
    context = {"place": "hub", "kinds": kinds, "refused": refused, "asked": asked, "steps": steps_at(EVENT)}
    return render(request, "automations/choose_scope.html", context, status=status)


def _read(automation: Automation) -> type[event_types.EventType]:
    if automation.event_type not in event_types.registry:
        text = _("The event %r is not known here, so this cannot be edited.")
        raise Http404(text % automation.event_type)
    return event_types.registry.get(automation.event_type)
