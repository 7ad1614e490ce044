"""The channel for alerts of scripts, over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations import alerts
from common.refusals import refuse
from common.serializers import OnlyKnownFields
from integrations.models import SlackChannel
from teams.access import team_named
from teams.models import Role, Team
from teams.people import person


class AlertChannelSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    channel = serializers.CharField(allow_null=True, help_text="A Slack channel of the team by name; null: none.")


class AlertChannel(APIView):
    """The Slack channel where alerts of the team's scripts (`run.alert`) come."""

    @extend_schema(responses=AlertChannelSerializer)
    def get(self, request: Request, team: str) -> Response:
        return Response(_shown(team_named(person(request), team)))

    @extend_schema(request=AlertChannelSerializer, responses=AlertChannelSerializer)
    def put(self, request: Request, team: str) -> Response:
        its_team = team_named(person(request), team, Role.ADMIN)
        sent = AlertChannelSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        name = sent.validated_data["channel"]
        channel = SlackChannel.objects.filter(team=its_team, name=name).first() if name else None
        if name and channel is None:
            refuse("channel", f"The team {team} has no Slack channel {name!r}.")
        alerts.set_channel_for_alerts(its_team, channel, by=person(request))
        return Response(_shown(its_team))


def _shown(team: Team) -> dict[str, str | None]:
    channel = alerts.channel_for_alerts(team)
    return {"channel": channel.name if channel else None}
