"""REST serializers of automations, executions and attempts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from automations.api.plugin_fields import ActionField, ConditionField, DescribedByPlugins, EventField
from automations.cooldown_keys import RUN
from automations.definitions import former_names, scope_type
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.representation import as_sent
from automations.definitions.services import receiver_names
from automations.models import DAY_SECONDS, RATE_LIMIT, Attempt, Automation, Execution
from common.data.strict_json import strict
from common.http.serializers import ListedChoiceField, OnlyKnownFields


class ScopeSerializer(DescribedByPlugins, OnlyKnownFields, serializers.Serializer[Any]):
    component = "AutomationScope"
    default_error_messages = {"invalid": 'Give an object, such as {{"type": "project", "name": "acme/mnist"}}.'}

    type = ListedChoiceField(choices=scope_type.registry.choices, default="project")
    name = serializers.CharField(help_text="Such as acme/mnist.")
    team = serializers.CharField(
        required=False,
        help_text="Whose integrations and secrets the action uses: needed where the scope is no team's own.",
    )


class ConditionsField(serializers.ListField):
    """Each has a `type` and its parameters beside it."""

    child = ConditionField()
    default_error_messages = {"not_a_list": 'Give a list, such as [{{"type": "run_state", "states": ["failed"]}}].'}


class AutomationSerializer(OnlyKnownFields, serializers.Serializer[Automation]):
    """An automation: when this event happens in this scope and every condition holds, act."""

    former_names = former_names.FIELDS

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=255)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    enabled = serializers.BooleanField(required=False, default=True)
    scope = ScopeSerializer()
    event = EventField(help_text="The event by its name on the wire, such as RUN_STATE.")
    conditions = ConditionsField(
        required=False, help_text='Such as [{"type": "run_state", "states": ["failed"]}]. All must hold.'
    )
    action = ActionField(help_text='Such as {"type": "do_nothing"}.')
    cooldown_seconds = serializers.IntegerField(
        required=False, default=DAY_SECONDS, help_text="How long it is quiet about a run after it fired; 0 = never."
    )
    cooldown_per = serializers.CharField(
        required=False,
        default=RUN,
        help_text="What it is then quiet about: run (each state of it apart), group, project or config.KEY.",
    )
    rate_limit = serializers.IntegerField(
        required=False, default=RATE_LIMIT, help_text="Executions a minute; 0 = no limit."
    )
    notify_on_recovery = serializers.BooleanField(
        required=False, default=False, help_text="Also tell when the condition no longer holds."
    )
    sentence = serializers.CharField(read_only=True)
    problem = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def draft(self, known: AutomationDraft | None = None) -> AutomationDraft:
        """Give what was sent as a draft; what was left out is as it is known."""
        sent = {name: value for name, value in self.validated_data.items() if name != "scope"}
        if known is None:
            return AutomationDraft(**{"conditions": [], **sent})
        return AutomationDraft(**{**vars(known), **sent})

    def to_representation(self, instance: Automation) -> dict[str, Any]:
        return as_sent(instance, receiver_names([instance]))


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
