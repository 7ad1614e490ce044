"""What the wizard shows while one types: how often it would have fired, what would be sent, what a test answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from automations import services, testing
from automations.details import DetailsForm
from automations.drafts import Draft
from automations.forms import ACTION, EVENT, AutomationForm
from automations.given import Given
from automations.looking import looked_back
from automations.models import Automation
from automations.views.asked import Asked, event_asked, place_asked
from automations.views.wizard import tested
from common.refusals import refuse
from common.registry import UnknownKey
from events.models import Event
from teams.people import person

# A person waits, and types on: what was not seen by then is said.
_SECONDS = 5
_NOTHING = {"type": "do_nothing"}


@require_POST
@login_required
def lookback(request: HttpRequest) -> HttpResponse:
    """How often it would have fired, and where. What is not filled in yet is no error here."""
    asked = place_asked(request)
    form = _form(request, asked, EVENT)
    if form is None or not form.is_valid():
        return render(request, "automations/_lookback.html", {"incomplete": True})
    try:
        automation = _unsaved(request, asked, form)
        found = looked_back(person(request), automation, seconds=_SECONDS)
    except (ValidationError, UnknownKey) as error:
        return render(request, "automations/_lookback.html", {"refused": _said(error)})
    return render(request, "automations/_lookback.html", {"found": found, "when": services.moment(automation)})


@require_POST
@login_required
def preview(request: HttpRequest) -> HttpResponse:
    """What would be sent, with secrets masked: of a past event, or of samples."""
    asked = place_asked(request)
    form = _form(request, asked, ACTION)
    if form is None:
        return render(request, "automations/_preview.html", {"refused": _("Choose an event first.")})
    if not form.is_valid():
        return render(request, "automations/_preview.html", {"wrong": form.errors(ACTION)})
    try:
        action = testing.action_of(form.action.chosen.sent, asked.place.team, form.event)
        body = testing.preview(action, asked.place.team, form.event, _past(request, asked))
    except ValidationError as error:
        return render(request, "automations/_preview.html", {"refused": _said(error)})
    return render(request, "automations/_preview.html", {"body": body})


@require_POST
@login_required
def test(request: HttpRequest) -> HttpResponse:
    """Send a test now, and show what was answered. Nothing is stored."""
    asked = place_asked(request)
    form = _form(request, asked, ACTION)
    if form is None:
        return render(request, "automations/_tested.html", {"refused": _("Choose an event first.")})
    if not form.is_valid():
        return render(request, "automations/_tested.html", {"wrong": form.errors(ACTION)})
    try:
        return render(request, "automations/_tested.html", {"sent": tested(form, asked.place)})
    except ValidationError as error:
        return render(request, "automations/_tested.html", {"refused": _said(error)})


def _form(request: HttpRequest, asked: Asked, step: str) -> AutomationForm | None:
    event = event_asked(request.POST)
    if event is None:
        return None
    return AutomationForm(asked.place.team, event, given=Given(), data=request.POST, check=[step])


def _unsaved(request: HttpRequest, asked: Asked, form: AutomationForm) -> Automation:
    """Give the automation as far as it is filled in: what it would do does not matter for how often."""
    draft = Draft(name="-", event=form.event.wire, conditions=form.sent_conditions, action=_NOTHING)
    details = DetailsForm(request.POST)
    if details.is_valid():
        limits: dict[str, Any] = {
            name: details.cleaned_data[name] for name in ("rest_seconds", "rate_limit", "recovery")
        }
        draft = replace(draft, **limits)
    return services.unsaved(asked.place, draft)


def _past(request: HttpRequest, asked: Asked) -> Event | None:
    number = request.POST.get("past", "")
    if not (number.isascii() and number.isdigit()):
        return None
    event = Event.objects.filter(pk=int(number[:18]), team=asked.place.team).first()
    if event is None or asked.place.key not in event.scopes:
        refuse("past", _("That event is gone. Choose another."))
    return event


def _said(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
