"""Automations, executions and attempts over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from automations import action as actions
from automations import scopes
from automations.drafts import Draft
from automations.models import DAY_SECONDS, RATE_LIMIT, Attempt, Automation, Execution
from automations.services import names_of_targets, sentence
from common.json import strict
from common.registry import UnknownKey
from common.serializers import ListedChoiceField, OnlyKnownFields
from events import types


class ScopeSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    default_error_messages = {"invalid": 'Give an object, such as {{"type": "project", "name": "acme/mnist"}}.'}

    type = ListedChoiceField(choices=[kind.key for kind in scopes.registry], default="project")
    name = serializers.CharField(
        help_text="Such as acme/mnist; for other types: "
        + ", ".join(f"{kind.example} ({kind.key})" for kind in scopes.registry)
    )
    team = serializers.CharField(
        required=False,
        help_text="Whose webhooks and secrets the action uses: needed where the scope is no team's own.",
    )


class ConditionsField(serializers.ListField):
    """Each has a `type` and its parameters beside it."""

    child = serializers.DictField(
        error_messages={
            "not_a_dict": 'Give an object with a type, such as {{"type": "run_state", "states": ["failed"]}}.'
        }
    )
    default_error_messages = {"not_a_list": 'Give a list, such as [{{"type": "run_state", "states": ["failed"]}}].'}


class AutomationSerializer(OnlyKnownFields, serializers.Serializer[Automation]):
    """An automation: when this event happens in this scope and every condition holds, act."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    enabled = serializers.BooleanField(required=False, default=True)
    scope = ScopeSerializer()
    event = serializers.CharField(help_text="The event by its name on the wire, such as RUN_STATE.")
    conditions = ConditionsField(
        required=False, help_text='Such as [{"type": "run_state", "states": ["failed"]}]. All must hold.'
    )
    action = serializers.DictField(
        help_text='Such as {"type": "send_webhook", "webhook": "retrain-hook"}.',
        error_messages={"not_a_dict": 'Give an object, such as {{"type": "send_webhook", "webhook": "retrain-hook"}}.'},
    )
    rest_seconds = serializers.IntegerField(
        required=False, default=DAY_SECONDS, help_text="How long it is quiet about a run after it fired; 0 = never."
    )
    rate_limit = serializers.IntegerField(
        required=False, default=RATE_LIMIT, help_text="Executions a minute; 0 = no limit."
    )
    recovery = serializers.BooleanField(
        required=False, default=False, help_text="Also tell when the condition no longer holds."
    )
    sentence = serializers.CharField(read_only=True)
    problem = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def draft(self, known: Draft | None = None) -> Draft:
        """Give what was sent as a draft; what was left out is as it is known."""
        sent = {name: value for name, value in self.validated_data.items() if name != "scope"}
        if known is None:
            return Draft(**{"conditions": [], **sent})
        return Draft(**{**vars(known), **sent})

    def to_representation(self, instance: Automation) -> dict[str, Any]:
        return shown(instance, names_of_targets([instance]))


def shown(automation: Automation, names: Mapping[str, str]) -> dict[str, Any]:
    """Give the automation as it can be sent back."""
    name = names.get(automation.target, "")
    return {
        "id": automation.pk,
        "name": automation.name,
        "description": automation.description,
        "enabled": automation.enabled,
        "scope": scope_of(automation),
        "event": _wire(automation.event_type),
        "conditions": automation.conditions,
        "action": {"type": automation.action_type, **_action(automation, name)},
        "rest_seconds": automation.rest_seconds,
        "rate_limit": automation.rate_limit,
        "recovery": automation.recovery,
        "sentence": str(sentence(automation, name)),
        "problem": automation.problem,
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
    }


def scope_of(automation: Automation) -> dict[str, str]:
    """Give the scope as it can be sent back; with the team where it is not in the name."""
    scope = {"type": automation.scope_type, "name": automation.scope_name}
    shared = automation.registry_id or automation.organization_id or automation.scope_type == "registry_collection"
    return {**scope, "team": automation.team.name} if shared else scope


def draft_of(automation: Automation) -> Draft:
    """Give the stored automation as a draft, so that a part of it can be changed."""
    now = shown(automation, names_of_targets([automation]))
    return Draft(**{name: now[name] for name in Draft.__dataclass_fields__})


def _wire(event_type: str) -> str:
    return types.registry.get(event_type).wire if event_type in types.registry else event_type


def _action(automation: Automation, target_name: str) -> dict[str, Any]:
    """Give the action as it was sent; as it is stored, where what is stored cannot be read."""
    try:
        return actions.registry.get(automation.action_type)(automation.action).shown(target_name)
    except (UnknownKey, KeyError, TypeError):
        return dict(automation.action)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    request = serializers.JSONField(read_only=True, help_text="What was sent; secrets are masked.")
    reply = serializers.JSONField(read_only=True)

    class Meta:
        model = Attempt
        fields = ["number", "started_at", "seconds", "ok", "detail", "request", "reply"]
        read_only_fields = fields


class ExecutionSerializer(serializers.ModelSerializer[Execution]):
    automation_name = serializers.CharField(source="automation.name", read_only=True)
    variables = serializers.SerializerMethodField(help_text="The values payloads could use; NaN and infinity as null.")

    class Meta:
        model = Execution
        fields = [
            "id", "automation", "automation_name", "delivery_id", "state", "reason", "why", "count",
            "recovered", "subject_label", "subject_url", "variables", "attempts_made", "next_attempt_at",
            "created_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_variables(self, execution: Execution) -> Any:
        return strict(execution.variables)


class ExecutionDetailSerializer(ExecutionSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(ExecutionSerializer.Meta):
        fields = [*ExecutionSerializer.Meta.fields, "attempts"]
        read_only_fields = fields
