"""Initial values of the automation form: a stored automation, an address, or what was typed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from automations.actions import action as actions
from automations.actions.action import Action
from automations.conditions import condition as conditions
from automations.conditions.condition import Condition
from automations.definitions.draft_validation import AutomationDraft
from automations.forms.details_form import DetailsForm
from events.event_types import EventType


@dataclass(frozen=True)
class InitialValues:
    """Details by name, and parameters by the plug-in's key."""

    details: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of_draft(cls, draft: AutomationDraft) -> InitialValues:
        parts = {str(part.get("type")): part for part in [*draft.conditions, draft.action]}
        return cls({name: getattr(draft, name) for name in DetailsForm.base_fields}, parts)

    @classmethod
    def of_query(cls, query: QueryDict, event: type[EventType]) -> InitialValues:
        """Read an address such as `?name=Failed&run_state-states=failed`: it opens the page filled in.

        What defines the event can be said in short: `?event=RUN_METRIC&metric=val/loss`.
        """
        kinds: list[type[Condition] | type[Action]] = [*conditions.conditions_of(event.key), *actions.registry]
        parts = {kind.key: _in_query(kind.Form, query, f"{kind.key}-") for kind in kinds}
        for kind in conditions.conditions_of(event.key):
            if event.key in kind.defines:
                parts[kind.key] = {**_in_query(kind.Form, query, ""), **parts[kind.key]}
        return cls(
            _in_query(DetailsForm, query, ""),
            {key: params for key, params in parts.items() if params or key == query.get("action")},
        )


def submitted_values(form: type[forms.Form], data: QueryDict, prefix: str) -> dict[str, Any] | None:
    """Give what a page sent for the form, as the form takes it back to be shown; None where it was not on the page."""
    before = f"{prefix}-" if prefix else ""
    names = [before + name for name in form.base_fields]
    if not any(name in data or f"{name}_0" in data for name in names):
        return None
    return {name: one.widget.value_from_datadict(data, {}, before + name) for name, one in form.base_fields.items()}


def _in_query(form: type[forms.Form], query: QueryDict, prefix: str) -> dict[str, Any]:
    return {
        name: one.widget.value_from_datadict(query, {}, prefix + name)
        for name, one in form.base_fields.items()
        if prefix + name in query
    }
