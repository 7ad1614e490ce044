"""Secrets over REST: values go in and never come out."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.confirmed_delete import CONFIRM, confirmed
from common.data.lookup import row_or_404
from common.http.serializers import OnlyKnownFields
from secrets_vault import services
from secrets_vault.models import Secret
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role


class SecretSerializer(OnlyKnownFields, serializers.ModelSerializer[Secret]):
    value = serializers.CharField(write_only=True, trim_whitespace=False)
    updated_by = serializers.CharField(source="updated_by.username", read_only=True, default="")

    class Meta:
        model = Secret
        fields = ["name", "value", "created_at", "updated_at", "updated_by", "last_used_at"]
        read_only_fields = ["created_at", "updated_at", "last_used_at"]
        validators: list[object] = []


class NewValueSerializer(OnlyKnownFields, serializers.Serializer[Secret]):
    value = serializers.CharField(write_only=True, trim_whitespace=False)


class Secrets(generics.ListAPIView[Secret]):
    """The secrets of a team, by name. Their values are never shown."""

    serializer_class = SecretSerializer
    queryset = Secret.objects.none()

    def get_queryset(self) -> QuerySet[Secret]:
        team = access.team_named(person(self.request), self.kwargs["team"])
        return Secret.objects.filter(team=team).select_related("updated_by")

    @extend_schema(request=SecretSerializer, responses={201: SecretSerializer})
    def post(self, request: Request, team: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = SecretSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        secret = services.create_secret(
            its_team, sent.validated_data["name"], sent.validated_data["value"], by=person(request)
        )
        return Response(SecretSerializer(secret).data, status=status.HTTP_201_CREATED)


class OneSecret(APIView):
    """One secret of a team."""

    @extend_schema(request=NewValueSerializer, responses=SecretSerializer)
    def put(self, request: Request, team: str, name: str) -> Response:
        """Put a new value in place of the old one, at once."""
        secret = secret_named(request, team, name)
        sent = NewValueSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        services.change_secret(secret, sent.validated_data["value"], by=person(request))
        return Response(SecretSerializer(secret).data)

    @extend_schema(parameters=[CONFIRM], responses={204: None})
    def delete(self, request: Request, team: str, name: str) -> Response:
        """Remove it. 409 with what uses it, unless confirmed: then that no longer works."""
        services.delete_secret(secret_named(request, team, name), confirmed=confirmed(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def secret_named(request: Request, team: str, name: str) -> Secret:
    """Give the secret to an admin of its team."""
    its_team = access.team_named(person(request), team, Role.ADMIN)
    rows = Secret.objects.select_related("team")
    return row_or_404(rows, f"secret {name!r} in the team {team}", team=its_team, name=name)
