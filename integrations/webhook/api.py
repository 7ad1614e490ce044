"""Webhooks over REST."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.api.automations import event_named
from automations.api.preview_and_test import past_event
from automations.delivery import trial_delivery
from common.data.lookup import row_or_404
from common.http.serializers import ListedChoiceField, OnlyKnownFields
from integrations.webhook import services
from integrations.webhook.action import webhook_action
from integrations.webhook.models import LONGEST_TIMEOUT, METHODS, Webhook, webhook_name
from integrations.webhook.preset_file import Preset, presets
from secrets_vault.models import Secret
from teams import access
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class WebhookSerializer(OnlyKnownFields, serializers.ModelSerializer[Webhook]):
    name = serializers.CharField(max_length=64, validators=[webhook_name])
    url = serializers.CharField(required=False, help_text="Path and query may use granted secrets: ${NAME}.")
    method = ListedChoiceField(choices=METHODS, required=False)
    access_token = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="Name of a team secret; sent as Authorization: Bearer.",
    )
    secret = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="Name of a team secret; signs the body, and payloads may use it by its name.",
    )
    timeout_seconds = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=LONGEST_TIMEOUT)
    preset = serializers.CharField(required=False, allow_blank=True, max_length=40)
    # Its own messages would say a value back, and in place of a header there may be a credential.
    headers = serializers.JSONField(required=False, help_text="Values may use the granted secrets: ${NAME}.")
    granted_secrets = serializers.JSONField(required=False, help_text="Names of team secrets beside the other two.")
    retry_seconds = serializers.JSONField(
        required=False, help_text="Waits before each try, such as [0, 5, 300]; empty: the installation's."
    )

    class Meta:
        model = Webhook
        fields = [
            "name", "url", "method", "headers", "access_token", "secret", "granted_secrets", "timeout_seconds",
            "retry_seconds", "preset", "enabled", "disabled_reason", "failing_since", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["disabled_reason", "failing_since", "created_at", "updated_at"]
        validators: list[object] = []


class RotatedSerializer(serializers.ModelSerializer[Secret]):
    class Meta:
        model = Secret
        fields = ["name", "updated_at", "previous_until"]
        read_only_fields = fields


class RotationSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    value = serializers.CharField(write_only=True, trim_whitespace=False)


class RotateSecret(APIView):
    """Give a webhook's signing secret a new value. For 24 hours deliveries carry a signature of either."""

    @extend_schema(request=RotationSerializer, responses=RotatedSerializer)
    def post(self, request: Request, team: str, name: str) -> Response:
        webhook = webhook_named(request, team, name, Role.ADMIN)
        sent = RotationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        secret = services.rotate_signing_secret(webhook, sent.validated_data["value"], by=person(request))
        return Response(RotatedSerializer(secret).data)


class PresetSerializer(serializers.Serializer[Preset]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own `label` is another thing
    about = serializers.CharField(help_text="What to put where.")
    docs = serializers.CharField(help_text="The service's own page.")
    url = serializers.CharField()
    blanks = serializers.ListField(child=serializers.CharField(), help_text="Words of the URL to put yours for.")
    method = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    access_token = serializers.CharField()
    secrets = serializers.DictField(child=serializers.CharField(), help_text="What each secret to make holds.")
    granted_secrets = serializers.ListField(child=serializers.CharField())
    payload = serializers.CharField()


class Presets(APIView):
    """What well-known receivers want: fields for a webhook, and a payload."""

    @extend_schema(responses=PresetSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response([PresetSerializer(one).data for one in presets().values()])


def webhook_named(request: Request, team: str, name: str, least: Role) -> Webhook:
    its_team = access.team_named(person(request), team, least)
    rows = Webhook.objects.select_related("team")
    return row_or_404(rows, f"webhook {name!r} in the team {team}", team=its_team, name=name)


class PreviewSerializer(serializers.Serializer[Any]):
    payload = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, default="")
    event = serializers.CharField(help_text="Such as RUN_STATE.")
    event_id = serializers.IntegerField(required=False, help_text="A past event; left out: the samples.")


class PreviewPayload(APIView):
    """See what would be sent to a webhook, with secrets masked. Nothing is sent."""

    key_scope = KeyScope.READ

    @extend_schema(request=PreviewSerializer, responses={200: dict})
    def post(self, request: Request, team: str, name: str) -> Response:
        webhook = webhook_named(request, team, name, Role.MEMBER)
        sent = PreviewSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        past = past_event(request, sent.validated_data, webhook.team)
        event = event_named(sent.validated_data["event"])
        action = webhook_action(webhook, sent.validated_data["payload"], event)
        return Response({"body": trial_delivery.preview(action, webhook.team, event, past)})


_ONE = "teams/<str:team>/integrations/webhook/<str:name>"
paths = [
    path("presets", Presets.as_view()),
    path(f"{_ONE}/preview", PreviewPayload.as_view()),
    path(f"{_ONE}/rotate", RotateSecret.as_view()),
]
