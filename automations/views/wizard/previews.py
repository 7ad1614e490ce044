"""Wizard previews while one types: the backtest, the message, and the answer to a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from automations.definitions import services
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.sentence import moment_of
from automations.delivery import trial_delivery
from automations.forms.automation_form import ACTION, EVENT, AutomationForm
from automations.forms.details_form import DetailsForm
from automations.forms.initial_values import InitialValues
from automations.insight.backtest_summary import backtest_summary
from automations.models import Automation
from automations.views.wizard.request import WizardRequest, event_asked, place_asked
from automations.views.wizard.steps import tested
from common.data.validation_errors import refuse
from common.plugins import UnknownKey
from events.models import Event
from teams.accounts.signed_in import person

# A person waits, and types on: what was not seen by then is said.
_SECONDS = 5
_LIMITS = ("cooldown_seconds", "cooldown_per", "rate_limit", "notify_on_recovery")
_NOTHING = {"type": "do_nothing"}


@require_POST
@login_required
def backtest(request: HttpRequest) -> HttpResponse:
    """How often it would have fired, and where. What is not filled in yet is no error here."""
    asked = _place(request)
    form = _form(request, asked, EVENT)
    if form is None or not form.is_valid():
        return render(request, "automations/_backtest.html", {"incomplete": True})
    try:
        automation = _unsaved(request, asked, form)
        found = backtest_summary(person(request), automation, seconds=_SECONDS)
    except (ValidationError, UnknownKey) as error:
        return render(request, "automations/_backtest.html", {"refused": _said(error)})
    return render(request, "automations/_backtest.html", {"found": found, "when": moment_of(automation)})


@require_POST
@login_required
def preview(request: HttpRequest) -> HttpResponse:
    """What would be sent, with secrets masked: of a past event, or of samples."""
    asked = _place(request)
    form = _form(request, asked, ACTION)
    if form is None:
        return render(request, "automations/_preview.html", {"refused": _("Choose an event first.")})
    if not form.is_valid():
        return render(request, "automations/_preview.html", {"wrong": form.errors(ACTION)})
    try:
        action = trial_delivery.action_of(form.action.chosen.sent, asked.place.team, form.event)
        body = trial_delivery.preview(action, asked.place.team, form.event, _past(request, asked))
    except ValidationError as error:
        return render(request, "automations/_preview.html", {"refused": _said(error)})
    return render(request, "automations/_preview.html", {"body": body})


@require_POST
@login_required
def test(request: HttpRequest) -> HttpResponse:
    """Send a test now, and show what was answered. Nothing is stored."""
    asked = _place(request)
    form = _form(request, asked, ACTION)
    if form is None:
        return render(request, "automations/_test_result.html", {"refused": _("Choose an event first.")})
    if not form.is_valid():
        return render(request, "automations/_test_result.html", {"wrong": form.errors(ACTION)})
    try:
        return render(request, "automations/_test_result.html", {"sent": tested(form, asked.place)})
    except ValidationError as error:
        return render(request, "automations/_test_result.html", {"refused": _said(error)})


def _place(request: HttpRequest) -> WizardRequest:
    """Give where it is to listen; a name in another form is nowhere."""
    try:
        return place_asked(request)
    except ValidationError as error:
        raise Http404(" ".join(error.messages)) from None


def _form(request: HttpRequest, asked: WizardRequest, step: str) -> AutomationForm | None:
    event = event_asked(request.POST)
    if event is None:
        return None
    return AutomationForm(asked.place.team, event, given=InitialValues(), data=request.POST, check=[step])


def _unsaved(request: HttpRequest, asked: WizardRequest, form: AutomationForm) -> Automation:
    """Give the automation as far as it is filled in: what it would do does not matter for how often."""
    draft = AutomationDraft(name="-", event=form.event.wire, conditions=form.sent_conditions, action=_NOTHING)
    details = DetailsForm(request.POST)
    if details.is_valid():
        limits: dict[str, Any] = {name: details.cleaned_data[name] for name in _LIMITS}
        draft = replace(draft, **limits)
    return services.unsaved(asked.place, draft)


def _past(request: HttpRequest, asked: WizardRequest) -> Event | None:
    number = request.POST.get("past", "")
    if not (number.isascii() and number.isdigit()):
        return None
    event = Event.objects.filter(pk=int(number[:18]), team=asked.place.team).first()
    if event is None or asked.place.key not in event.scopes:
        refuse("past", _("That event is gone. Choose another."))
    return event


def _said(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
