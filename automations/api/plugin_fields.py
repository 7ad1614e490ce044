"""Serializer fields that a plug-in describes: OpenAPI shows them as `oneOf` by `type`, or as the names there are.

The document is made of the registries at the time it is asked for. The fields refer to components; a postprocessing
hook adds these, after drf-spectacular has named the enums of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from automations.actions import action as actions
from automations.api import plugin_schemas
from automations.conditions import condition as conditions
from automations.definitions import scope_type
from common.http.form_schema import Schema
from common.plugins import Plugin
from events import event_types

# drf-spectacular's own suffix for what comes in.
_IN = "Request"

if TYPE_CHECKING:
    _Field = serializers.Field[Any, Any, Any, Any]
else:
    _Field = object


class DescribedByPlugins(_Field):
    """For serializer fields: `component` is the one of OpenAPI that stands in this field's place."""

    component: ClassVar[str]


class ConditionField(DescribedByPlugins, serializers.DictField):
    component = "AutomationCondition"
    default_error_messages = {
        "not_a_dict": 'Give an object with a type, such as {{"type": "run_state", "states": ["failed"]}}.'
    }


class ActionField(DescribedByPlugins, serializers.DictField):
    component = "AutomationAction"
    default_error_messages = {"not_a_dict": 'Give an object, such as {{"type": "do_nothing"}}.'}


class EventField(DescribedByPlugins, serializers.CharField):
    component = "EventName"


class KindField(DescribedByPlugins, serializers.CharField):
    component = "IntegrationKind"


class PluginFieldExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = DescribedByPlugins
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return _reference(self.target.component + (_IN if direction == "request" else ""))


def add_plugins(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what the plug-ins take. A postprocessing hook of drf-spectacular."""
    schemas: dict[str, Any] = result["components"]["schemas"]
    for component, noun, described in _unions():
        shown = {key: plugin_schemas.of_representation(schema) for key, schema in described.items()}
        for suffix, variants in ((_IN, described), ("", shown)):
            named = {key: plugin_schemas.component_name(key, noun) + suffix for key in variants}
            schemas |= {named[key]: schema for key, schema in variants.items()}
            schemas[component + suffix] = _one_of(named)
    for component, values in _names():
        schemas[component] = schemas[component + _IN] = values
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _unions() -> Iterable[tuple[str, str, dict[str, Schema]]]:
    """Give what is told apart by its `type`: the component of all of it, and the schema of each key."""
    yield (
        "AutomationCondition",
        "Condition",
        {one.key: _with_help(one, plugin_schemas.of_condition(one)) for one in conditions.registry},
    )
    yield (
        "AutomationAction",
        "Action",
        {one.key: _with_help(one, plugin_schemas.of_action(one)) for one in actions.registry},
    )
    yield (
        "AutomationScope",
        "Scope",
        {one.key: _with_help(one, plugin_schemas.of_scope(one)) for one in scope_type.registry},
    )


def _names() -> Iterable[tuple[str, Schema]]:
    events = {event.wire: f"{event.label} ({event.key})" for event in event_types.registry}
    yield "EventName", _one_name(events)
    yield "IntegrationKind", _one_name({kind.key: str(kind.label) for kind in plugin_schemas.integration_kinds()})


def _with_help(plugin: type[Plugin], schema: Schema) -> Schema:
    return {"title": str(plugin.label), "description": plugin_schemas.help_of(plugin), **schema}


def _one_of(named: Mapping[str, str]) -> Schema:
    references = {key: _reference(name) for key, name in named.items()}
    mapping = {key: reference["$ref"] for key, reference in references.items()}
    return {"oneOf": list(references.values()), "discriminator": {"propertyName": "type", "mapping": mapping}}


def _one_name(labels: Mapping[str, str]) -> Schema:
    listed = "\n".join(f"* `{name}` - {label}" for name, label in labels.items())
    return {"type": "string", "enum": list(labels), "description": listed}


def _reference(component: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component}"}
