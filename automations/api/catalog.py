"""The catalog over REST: every plug-in with what people read of it, where it belongs, its schema and an example."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.actions import action as actions
from automations.actions.action import Action
from automations.api import plugin_schemas
from automations.api.plugin_fields import EventField, KindField
from automations.conditions import condition as conditions
from automations.conditions.condition import Condition
from automations.definitions import scope_type
from automations.definitions.scope_type import ScopeType
from common.http.form_schema import DIALECT, Schema
from common.plugins import Plugin
from events import event_types
from events.event_types import EventType

_SCHEMA = "JSON Schema (draft 2020-12) of it, as it is sent."


class EntrySerializer(serializers.Serializer[Any]):
    """A plug-in: its key, and what people read of it."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own `label` is another thing
    help = serializers.CharField()
    schema = serializers.DictField(help_text=_SCHEMA, allow_null=True)
    example = serializers.DictField(help_text="Fits `schema`, and is accepted.", allow_null=True)


class CatalogVariableSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    meaning = serializers.CharField()
    sample = serializers.JSONField()


class CatalogEventSerializer(EntrySerializer):
    wire = EventField(help_text="Its name in REST, GraphQL and payloads; W&B's own where W&B has it.")
    about = serializers.CharField(help_text="What it is about: run, artifact or collection.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Keys of the scopes that have it.")
    conditions = serializers.ListField(child=serializers.CharField(), help_text="Keys of those it may have.")
    defined_by = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of the conditions of which it needs one."
    )
    variables = CatalogVariableSerializer(many=True)


class CatalogScopeSerializer(EntrySerializer):
    events = serializers.ListField(child=serializers.CharField(), help_text="Keys of the events it has.")
    shared = serializers.BooleanField(help_text="No team's own: `team` says whose integrations are used.")


class CatalogConditionSerializer(EntrySerializer):
    events = serializers.ListField(child=serializers.CharField(), help_text="Keys of the events that may have it.")
    defines = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of the events that it defines; the others it filters."
    )
    advanced = serializers.BooleanField(help_text="For those who know what they want: shown after the others.")


class CatalogActionSerializer(EntrySerializer):
    wire = serializers.CharField(help_text="Its name in the wandb SDK; blank where W&B has none.")
    kind = KindField(help_text="The kind of integration it sends through.")
    events = serializers.ListField(child=serializers.CharField(), help_text="Keys of the events that may have it.")


class CatalogKindSerializer(EntrySerializer):
    key = KindField()
    actions = serializers.ListField(child=serializers.CharField(), help_text="Keys of those that send through it.")


class CatalogSerializer(serializers.Serializer[Any]):
    events = CatalogEventSerializer(many=True)
    scopes = CatalogScopeSerializer(many=True)
    conditions = CatalogConditionSerializer(many=True)
    actions = CatalogActionSerializer(many=True)
    kinds = CatalogKindSerializer(many=True)


class Catalog(APIView):
    """What there is to build automations of: events, scopes, conditions, actions, kinds of integrations."""

    @extend_schema(responses=CatalogSerializer)
    def get(self, request: Request) -> Response:
        return Response(catalog(self.kinds()))

    def kinds(self) -> Iterable[type[Plugin]]:
        """Give the kinds of integrations. Who manages them stands further up, and may know more of them."""
        return plugin_schemas.integration_kinds()


def catalog(kinds: Iterable[type[Plugin]]) -> dict[str, list[dict[str, Any]]]:
    return {
        "events": [_event(one) for one in event_types.registry],
        "scopes": [_scope(one) for one in scope_type.registry],
        "conditions": [_condition(one) for one in conditions.registry],
        "actions": [_action(one) for one in actions.in_order()],
        "kinds": [_kind(one) for one in kinds],
    }


def _event(event: type[EventType]) -> dict[str, Any]:
    fitting = conditions.conditions_of(event.key)
    return {
        **_entry(event, plugin_schemas.of_event(event), plugin_schemas.example_of_event(event)),
        "wire": event.wire,
        "about": event.about,
        "scopes": list(event.scopes),
        "conditions": _keys(fitting),
        "defined_by": _keys(one for one in fitting if event.key in one.defines),
        "variables": [{"name": one.name, "meaning": str(one.meaning), "sample": one.sample} for one in event.variables],
    }


def _scope(scope: type[ScopeType]) -> dict[str, Any]:
    return {
        **_entry(scope, plugin_schemas.of_scope(scope), plugin_schemas.example_of_scope(scope)),
        "events": _keys(event for event in event_types.registry if scope.key in event.scopes),
        "shared": scope.shared,
    }


def _condition(condition: type[Condition]) -> dict[str, Any]:
    fitting = (event for event in event_types.registry if condition in conditions.conditions_of(event.key))
    return {
        **_entry(condition, plugin_schemas.of_condition(condition), plugin_schemas.example_of(condition)),
        "events": _keys(fitting),
        "defines": list(condition.defines),
        "advanced": condition.advanced,
    }


def _action(action: type[Action]) -> dict[str, Any]:
    return {
        **_entry(action, plugin_schemas.of_action(action), plugin_schemas.example_of(action)),
        "wire": action.wire,
        "kind": action.kind,
        "events": _keys(event for event in event_types.registry if action in actions.actions_of(event.key)),
    }


def _kind(kind: type[Plugin]) -> dict[str, Any]:
    return {
        **_entry(kind, plugin_schemas.of_kind(kind), getattr(kind, "example", None)),
        "actions": _keys(action for action in actions.in_order() if action.kind == kind.key),
    }


def _entry(plugin: type[Plugin], schema: Schema | None, example: Any) -> dict[str, Any]:
    return {
        "key": plugin.key,
        "label": str(plugin.label),
        "help": plugin_schemas.help_of(plugin),
        "schema": {"$schema": DIALECT, **schema} if schema else None,
        "example": example,
    }


def _keys(plugins: Iterable[type[Plugin]]) -> list[str]:
    return [plugin.key for plugin in plugins]
