"""JSON Schema and example of each plug-in as REST takes it: events, scopes, conditions, actions, kinds of integrations.

Registries are read when asked: plug-ins register while Django starts.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from automations.actions.action import Action
from automations.conditions.condition import Condition, conditions_of
from automations.definitions.scope_type import ScopeType
from common.http.form_schema import Schema, form_schema
from common.http.serializer_schema import serializer_schema
from common.plugins import Plugin
from events.event_types import EventType
from outbound import provider

_SCOPE_TEAM = "Whose integrations and secrets the action uses: needed where the scope is no team's own."


def integration_kinds() -> Iterable[type[Plugin]]:
    """Give the kinds of integrations: the one place here that says where they register."""
    return provider.registry


def of_condition(condition: type[Condition]) -> Schema:
    return _with_type(condition.key, form_schema(condition.Form))


def of_action(action: type[Action]) -> Schema:
    return _with_type(action.key, form_schema(action.Form))


def of_scope(scope: type[ScopeType]) -> Schema:
    part = "[^/]+"
    name = {
        "type": "string",
        "description": f"Such as {scope.example}.",
        "pattern": f"^{'/'.join([part] * (scope.example.count('/') + 1))}$",
    }
    team = {"type": "string", "description": _SCOPE_TEAM, "minLength": 1}
    schema: Schema = {
        "type": "object",
        "properties": {"name": name, "team": team},
        "required": ["name", "team"] if scope.shared else ["name"],
        "additionalProperties": False,
    }
    return _with_type(scope.key, schema)


def of_event(event: type[EventType]) -> Schema:
    """Give the schema of an automation's `event` and `conditions`: which may stand there, and which must."""
    fitting = conditions_of(event.key)
    defining = [condition.key for condition in fitting if event.key in condition.defines]
    listed: Schema = {"type": "array", "items": _of_types(condition.key for condition in fitting)}
    if defining:
        listed["contains"] = _of_types(defining)
    return {
        "type": "object",
        "properties": {"event": {"const": event.wire}, "conditions": listed},
        "required": ["event", "conditions"] if defining else ["event"],
    }


def of_kind(kind: type[Plugin]) -> Schema | None:
    """Give the schema of what REST takes of such an integration; None where it takes none."""
    if serializer := getattr(kind, "sent_serializer", None):
        return serializer_schema(serializer(new=True))
    form: type[forms.BaseForm] | None = getattr(kind, "Form", None)
    return form_schema(form) if form else None


def example_of(plugin: type[Condition] | type[Action]) -> dict[str, Any]:
    return {"type": plugin.key, **plugin.example}


def example_of_scope(scope: type[ScopeType]) -> dict[str, Any]:
    named = {"type": scope.key, "name": scope.example}
    return {**named, "team": "acme"} if scope.shared else named


def example_of_event(event: type[EventType]) -> dict[str, Any]:
    """Give the least that an automation says of this event."""
    defining = [condition for condition in conditions_of(event.key) if event.key in condition.defines]
    return {"event": event.wire, "conditions": [example_of(condition) for condition in defining[:1]]}


def of_representation(schema: Schema) -> Schema:
    """Give the schema of what comes out: the name of a receiver that is gone is blank there."""
    properties = {name: _less_strict(value) for name, value in schema["properties"].items()}
    return {**schema, "properties": properties}


def help_of(plugin: type[Plugin]) -> str:
    """Give its docstring, which is written for people."""
    return inspect.cleandoc(plugin.__doc__ or "")


def component_name(key: str, noun: str) -> str:
    """Give the name under which OpenAPI has the schema, such as `RunStateCondition`."""
    return "".join(part.capitalize() for part in re.split(r"\W|_", key)) + noun


def _with_type(key: str, schema: Schema) -> Schema:
    properties = {"type": {"type": "string", "const": key}, **schema["properties"]}
    return {**schema, "properties": properties, "required": ["type", *schema["required"]]}


def _of_types(keys: Iterable[str]) -> Schema:
    return {"type": "object", "properties": {"type": {"enum": list(keys)}}, "required": ["type"]}


def _less_strict(schema: Mapping[str, Any]) -> Schema:
    return {name: value for name, value in schema.items() if name not in ("minLength", "minItems", "pattern")}
