"""The automation form: the plug-ins' own forms put together in three steps. It knows none of them by name."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict

from automations.actions import action as actions
from automations.actions.action import Action
from automations.conditions import condition as conditions
from automations.conditions.condition import Condition
from automations.definitions.draft_validation import AutomationDraft
from automations.forms.details_form import DetailsForm
from automations.forms.initial_values import InitialValues, submitted_values
from automations.messages import variables
from automations.parameters import Parameters
from common.plugins import Plugin
from events.event_types import EventType
from secrets_vault.services import names_of
from teams.models import Team

# The steps of the wizard, in order.
EVENT, ACTION, DETAILS = "event", "action", "details"
STEPS = (EVENT, ACTION, DETAILS)
# The field that lists the filters which are switched on.
USED = "use"


@dataclass(frozen=True)
class FormPart:
    """A condition or an action with its form. Of several, `used` is the one that was chosen; of filters, those on."""

    kind: type[Condition] | type[Action]
    form: Parameters
    used: bool

    @property
    def key(self) -> str:
        return self.kind.key

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def about(self) -> str:
        return form_errors(self.kind)

    @property
    def sent(self) -> dict[str, Any]:
        """Give what was typed, as REST would send it: the service checks it."""
        return {"type": self.key, **{name: _unix(self.form[name].data) for name in self.form.fields}}


@dataclass(frozen=True)
class EventChoice:
    """Parts of which exactly one is used. `name` is the field that says which."""

    name: str
    parts: list[FormPart]

    @property
    def chosen(self) -> FormPart:
        return next(part for part in self.parts if part.used)


class AutomationForm:
    """Everything that can be said of an automation on one event. The steps in `check` show what is wrong with them."""

    def __init__(
        self,
        team: Team,
        event: type[EventType],
        *,
        given: InitialValues,
        data: QueryDict | None = None,
        check: Collection[str] = (),
    ) -> None:
        self.team, self.event = team, event
        self._given, self._data, self._check = given, data, check if data is not None else ()
        fitting = conditions.conditions_of(event.key)
        defining = [kind for kind in fitting if event.key in kind.defines]
        self.defining = self._choice("condition", defining, EVENT) if defining else None
        self.filters = [self._part(kind, EVENT, self._is_on(kind)) for kind in fitting if kind not in defining]
        self.action = self._choice("action", actions.actions_of(event.key), ACTION, team=team, event=event.key)
        self.details = self._made(DetailsForm, "", DETAILS in self._check, given.details)

    def is_valid(self) -> bool:
        """Whether each form of the checked steps is well filled in; all are asked, so that all errors show."""
        checked = [form.is_valid() for step in STEPS if step in self._check for form in self._forms(step)]
        return all(checked)

    @property
    def sent_conditions(self) -> list[dict[str, Any]]:
        return [part.sent for part in self._conditions()]

    def draft(self) -> AutomationDraft:
        """Give what was typed as a draft, for the service to check as a whole. Every step must have been checked."""
        chosen = self.action.chosen.sent
        return AutomationDraft(
            event=self.event.wire, conditions=self.sent_conditions, action=chosen, **self.details.cleaned_data
        )

    def refuse(self, error: ValidationError) -> None:
        """Put the service's refusals, named by path such as `conditions.0.threshold`, at their fields."""
        for path, texts in error.message_dict.items():
            form, name = self._place(path)
            form.add_error(name if name in form.fields else None, texts)

    def errors(self, step: str) -> list[dict[str, str]]:
        """Give every error of a step with the id of the field it belongs to, for the summary above the form."""
        return [
            {"target": _target(form, name), "label": _label(form, name), "text": str(text)}
            for form in self._forms(step)
            if form.is_bound
            for name, texts in form.errors.items()
            for text in texts
        ]

    def first_wrong(self) -> str:
        """Give the first step with an error; blank where all is well."""
        return next((step for step in STEPS if self.errors(step)), "")

    def offer(self, suggestions: Mapping[str, object]) -> None:
        """Let fields of these names be completed from the page's <datalist id="known-NAME">."""
        parts = [*(self.defining.parts if self.defining else []), *self.filters]
        for part in parts:
            for name in part.form.fields.keys() & suggestions.keys():
                part.form.fields[name].widget.attrs["list"] = f"known-{name}"

    def _choice(self, name: str, kinds: list[Any], step: str, **context: Any) -> EventChoice:
        keys = [kind.key for kind in kinds]
        asked = self._data.get(name, "") if self._data is not None else ""
        filled = [key for key in keys if key in self._given.parts]
        chosen = asked if asked in keys else [*filled, *keys][0]
        return EventChoice(name, [self._part(kind, step, kind.key == chosen, **context) for kind in kinds])

    def _is_on(self, kind: type[Condition]) -> bool:
        if self._data is None:
            return kind.key in self._given.parts
        return kind.key in self._data.getlist(USED)

    def _part(self, kind: type[Condition] | type[Action], step: str, used: bool, **context: Any) -> FormPart:
        given = self._given.parts.get(kind.key, {})
        form = self._made(kind.Form, kind.key, used and step in self._check, given, **context)
        for field in form.fields.values():
            # Texts into which variables may be put: an editor completes them, a click inserts them.
            if "data-variables" in field.widget.attrs:
                field.widget.attrs["data-variables"] = json.dumps(self._names)
        return FormPart(kind, form, used)

    @cached_property
    def _names(self) -> list[str]:
        """Give the variables that apply, then those that are blank here, then the secrets."""
        applying = [variable.name for variable in variables.of_event(self.event.key)]
        # ACCESS_TOKEN is what W&B's payloads call the access token of where they go, whatever its secret's name.
        return list(dict.fromkeys([*applying, *variables.known(), "ACCESS_TOKEN", *names_of(self.team.pk)]))

    def _made(self, form: Any, prefix: str, bound: bool, given: Mapping[str, Any], **context: Any) -> Any:
        """Make the form: with what was sent, to be checked, or filled in with that and nothing to complain of."""
        options = {"prefix": prefix or None, "use_required_attribute": False, **context}
        if bound:
            return form(self._data, **options)
        typed = submitted_values(form, self._data, prefix) if self._data is not None else None
        return form(initial=dict(given) if typed is None else typed, **options)

    def _conditions(self) -> list[FormPart]:
        """The conditions that are used, the one that defines the event first."""
        defining = [self.defining.chosen] if self.defining else []
        return [*defining, *(part for part in self.filters if part.used)]

    def _forms(self, step: str) -> list[forms.Form]:
        if step == DETAILS:
            return [self.details]
        return [part.form for part in (self._conditions() if step == EVENT else [self.action.chosen])]

    def _place(self, path: str) -> tuple[forms.Form, str]:
        first, _, rest = path.partition(".")
        if first == "action":
            return self.action.chosen.form, rest
        number, _, name = rest.partition(".")
        used = self._conditions()
        if first == "conditions" and number.isdigit() and int(number) < len(used):
            return used[int(number)].form, name
        return self.details, first


def form_errors(plugin: type[Plugin]) -> str:
    """Give what a plug-in says of itself: its docstring."""
    return inspect.cleandoc(plugin.__doc__ or "").replace("\n", " ").replace("  ", " ").replace("`", "")


def _unix(value: Any) -> Any:
    """Browsers end lines with CR LF; what is stored is the same whoever sent it."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _target(form: forms.Form, name: str) -> str:
    return _id(form[name]) if name in form.fields else "form"


def _label(form: forms.Form, name: str) -> str:
    return "" if name == NON_FIELD_ERRORS or name not in form.fields else str(form[name].label)


def _id(bound: BoundField) -> str:
    return bound.id_for_label or f"field-{bound.html_name}"
