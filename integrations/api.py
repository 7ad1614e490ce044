"""Webhooks over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.finding import found
from common.serializers import ListedChoiceField, OnlyKnownFields
from integrations import services
from integrations.models import METHODS, Webhook
from integrations.preset import Preset, presets
from secrets_vault.models import Secret
from teams import access
from teams.models import Role
from teams.people import person


class WebhookSerializer(OnlyKnownFields, serializers.ModelSerializer[Webhook]):
    url = serializers.CharField(required=False, help_text="Path and query may use granted secrets: ${NAME}.")
    method = ListedChoiceField(choices=METHODS, required=False)
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


class Webhooks(generics.ListAPIView[Webhook]):
    """The webhooks of a team. `access_token` and `secret` are names of its secrets."""

    serializer_class = WebhookSerializer
    queryset = Webhook.objects.none()

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(team=access.team_named(person(self.request), self.kwargs["team"]))

    @extend_schema(request=WebhookSerializer, responses={201: WebhookSerializer})
    def post(self, request: Request, team: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = WebhookSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        webhook = services.create_webhook(its_team, sent.validated_data, by=person(request))
        return Response(WebhookSerializer(webhook).data, status=status.HTTP_201_CREATED)


class OneWebhook(generics.GenericAPIView[Webhook]):
    """One webhook of a team. Who uses it is known further up, so its DELETE is in automations.api."""

    serializer_class = WebhookSerializer
    queryset = Webhook.objects.none()

    def get(self, request: Request, team: str, name: str) -> Response:
        return Response(WebhookSerializer(webhook_named(request, team, name, Role.VIEWER)).data)

    def put(self, request: Request, team: str, name: str) -> Response:
        return self._change(request, team, name, partial=False)

    def patch(self, request: Request, team: str, name: str) -> Response:
        return self._change(request, team, name, partial=True)

    def _change(self, request: Request, team: str, name: str, *, partial: bool) -> Response:
        webhook = webhook_named(request, team, name, Role.ADMIN)
        sent = WebhookSerializer(webhook, data=request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        values: dict[str, Any] = sent.validated_data
        return Response(WebhookSerializer(services.change_webhook(webhook, values)).data)


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
    return found(rows, f"webhook {name!r} in the team {team}", team=its_team, name=name)
