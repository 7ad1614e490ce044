"""Wizard steps: each turn shows one, keeps what was typed in the others, and needs no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from automations.definitions import services
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scope_type import ScopePlace
from automations.definitions.sentence import sentence_of
from automations.delivery import trial_delivery
from automations.forms.automation_form import ACTION, DETAILS, EVENT, STEPS, AutomationForm, form_errors
from automations.forms.initial_values import InitialValues
from automations.insight.backtest_summary import DAYS
from automations.insight.suggestions import past_events, suggestions_in
from automations.messages import variables
from automations.models import Automation
from automations.views import page_frames
from automations.views.wizard.request import WizardRequest, event_asked
from events import event_types
from events.event_types import EventType
from teams.accounts.signed_in import person

SAVE, CHOOSE, TEST, TEAM = "save", "choose", "test", "team"


@dataclass(frozen=True)
class WizardTask:
    """What the wizard is for: `start` gives what its form starts with, `save` makes or changes the automation."""

    title: str
    finish: str
    start: Callable[[type[EventType]], InitialValues]
    save: Callable[[AutomationDraft], Automation]
    automation: Automation | None = None
    event: type[EventType] | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class WizardTurn:
    """One request of the wizard. `made` is the automation, once it is saved."""

    asked: WizardRequest
    task: WizardTask
    event: type[EventType]
    data: QueryDict | None
    step: str = EVENT
    made: Automation | None = None
    tested: Mapping[str, Any] | None = None

    def take(self) -> AutomationForm:
        """Do what the pressed button asks for, and give the form to show."""
        if self.data is None or "choose" in self.data:
            return self._form()
        self.step = self.data.get("step", EVENT) if self.data.get("step") in STEPS else EVENT
        go = self.data.get("go", SAVE)
        return self._go_to(go) if go in STEPS else {TEST: self._test, TEAM: self._form}.get(go, self._save)()

    def _form(self, *check: str) -> AutomationForm:
        given = self.task.start(self.event)
        return AutomationForm(self.asked.place.team, self.event, given=given, data=self.data, check=check)

    def _go_to(self, step: str) -> AutomationForm:
        """What comes before the step must be well filled in; whoever goes back is asked nothing."""
        form = self._form(*STEPS[: STEPS.index(step)])
        self.step = step if form.is_valid() else form.first_wrong()
        return form

    def _save(self) -> AutomationForm:
        form = self._form(*STEPS)
        if form.is_valid():
            try:
                self.made = self.task.save(form.draft())
            except ValidationError as error:
                form.refuse(error)
        self.step = form.first_wrong() or self.step
        return form

    def _test(self) -> AutomationForm:
        form = self._form(ACTION)
        if form.is_valid():
            try:
                self.tested = tested(form, self.asked.place)
            except ValidationError as error:
                form.refuse(_in_action(error))
        self.step = form.first_wrong() or self.step
        return form


def tested(form: AutomationForm, place: ScopePlace) -> dict[str, Any]:
    """Send a test of the action that is filled in, and give what was sent and answered. Raises ValidationError."""
    action = trial_delivery.action_of(form.action.chosen.sent, place.team, form.event)
    return trial_delivery.result_of_test(trial_delivery.send_test(action, place.team, form.event))


def show(request: HttpRequest, turn: WizardTurn, form: AutomationForm) -> HttpResponse:
    place = turn.asked.place
    suggestions = suggestions_in(place)
    form.offer(suggestions)
    context = {
        **_about(turn.asked, turn.task),
        "form": form,
        "step": turn.step,
        "steps": steps_at(turn.step),
        "errors": _errors(form, turn.step),
        "event": turn.event,
        "event_about": form_errors(turn.event),
        "variables": variables.of_event(turn.event.key),
        "days": DAYS,
        "past": past_events(place, turn.event),
        "suggestions": suggestions,
        "sent": turn.tested,
        "summary": _summary(form, place) if turn.step == DETAILS else "",
    }
    return page_frames.of_place(person(request), place).render(request, "automations/wizard.html", context)


def choose_event(request: HttpRequest, asked: WizardRequest, task: WizardTask, refused: str = "") -> HttpResponse:
    """Show the events that the scope can have. What was typed so far goes along."""
    having = [event for event in event_types.registry if asked.place.type in event.scopes]
    groups: dict[str, list[dict[str, Any]]] = {}
    for event in having:
        groups.setdefault(event.about, []).append(
            {"wire": event.wire, "label": event.label, "about": form_errors(event)}
        )
    labels = {"run": _("Runs"), "artifact": _("Versions"), "collection": _("Collections")}
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in _NOT_KEPT]
    context = {
        **_about(asked, task),
        "groups": [(labels.get(about, about), cards) for about, cards in groups.items()],
        "steps": steps_at(EVENT),
        "refused": refused,
        "kept": kept,
    }
    return page_frames.of_place(person(request), asked.place).render(request, "automations/choose_event.html", context)


_NOT_KEPT = {"csrfmiddlewaretoken", "go", "choose", "step", "event"}


def chosen_event(request: HttpRequest, task: WizardTask) -> type[EventType] | None:
    """Give the event the wizard is about now; None where one is to be chosen."""
    if request.POST.get("go") == CHOOSE:
        return None
    return event_asked(request.POST) or event_asked(request.GET) or task.event


def steps_at(current: str) -> list[dict[str, Any]]:
    """Give the strip above every page of the wizard."""
    words = {EVENT: _("Event"), ACTION: _("Action"), DETAILS: _("Details")}
    return [{"key": key, "word": words[key], "is_current": key == current} for key in STEPS]


def _about(asked: WizardRequest, task: WizardTask) -> dict[str, Any]:
    place = asked.place
    return {"task": task, "automation": task.automation, "where": place, "teams": asked.teams, **task.context}


def _errors(form: AutomationForm, current: str) -> list[dict[str, str]]:
    """Give every error; those of other steps are told, and lead nowhere."""
    others = [error for step in STEPS if step != current for error in form.errors(step)]
    return [*form.errors(current), *({**error, "target": ""} for error in others)]


def _summary(form: AutomationForm, place: ScopePlace) -> str:
    """Say the whole in one sentence; blank as long as it makes none."""
    draft = AutomationDraft(
        name="-", event=form.event.wire, conditions=form.sent_conditions, action=form.action.chosen.sent
    )  # fmt: skip
    try:
        automation = services.unsaved(place, draft)
    except ValidationError:
        return ""
    return sentence_of(automation, services.receiver_name(automation, services.receiver_names([automation])))


def _in_action(error: ValidationError) -> ValidationError:
    """What sending refuses is about the action as a whole, or one of its fields."""
    named = {name.removeprefix("action."): texts for name, texts in error.message_dict.items()}
    return ValidationError({f"action.{name}": texts for name, texts in named.items()})
