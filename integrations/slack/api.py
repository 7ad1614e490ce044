"""Slack over REST: the workspaces of a team, the channels there are in Slack, and those that messages go to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.lookup import row_or_404
from common.data.validation_errors import refuse
from common.http.serializers import OnlyKnownFields
from integrations.slack import alerts
from integrations.slack import services as slack_services
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.web import web_api as slack_web
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role, Team


class WorkspaceSerializer(OnlyKnownFields, serializers.ModelSerializer[SlackWorkspace]):
    id = serializers.CharField(source="slack_id", read_only=True, help_text="Slack's own id, such as T024BE7LD.")
    token = serializers.CharField(write_only=True, help_text="A bot token (xoxb-…). It goes in and never comes out.")

    class Meta:
        model = SlackWorkspace
        fields = ["id", "name", "token", "created_at", "updated_at"]
        read_only_fields = ["name", "created_at", "updated_at"]
        validators: list[object] = []


class SlackWorkspaces(generics.ListAPIView[SlackWorkspace]):
    """The Slack workspaces of a team. An app of yours is connected in Team settings; here, by a bot token."""

    serializer_class = WorkspaceSerializer
    queryset = SlackWorkspace.objects.none()

    def get_queryset(self) -> QuerySet[SlackWorkspace]:
        return SlackWorkspace.objects.filter(team=access.team_named(person(self.request), self.kwargs["team"]))

    @extend_schema(request=WorkspaceSerializer, responses={201: WorkspaceSerializer})
    def post(self, request: Request, team: str) -> Response:
        """Connect the workspace that the token is for; a known one gets the new token."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = WorkspaceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        workspace = slack_services.connect_by_token(its_team, sent.validated_data["token"], by=person(request))
        return Response(WorkspaceSerializer(workspace).data, status=status.HTTP_201_CREATED)


class OneSlackWorkspace(APIView):
    """One Slack workspace of a team, by Slack's id."""

    @extend_schema(responses=WorkspaceSerializer)
    def get(self, request: Request, team: str, workspace: str) -> Response:
        return Response(WorkspaceSerializer(workspace_named(request, team, workspace, Role.VIEWER)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, workspace: str) -> Response:
        """Forget its token. 409 where channels use it."""
        slack_services.delete_workspace(workspace_named(request, team, workspace, Role.ADMIN))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ListedChannelSerializer(serializers.Serializer[Any]):
    channel_id = serializers.CharField()
    name = serializers.CharField()
    private = serializers.BooleanField()


class ChannelsSerializer(serializers.Serializer[Any]):
    channels = ListedChannelSerializer(many=True)
    cursor = serializers.CharField(help_text="For the next page; blank on the last.")
    wait_seconds = serializers.FloatField(allow_null=True, help_text="Slack asks to wait so long, then ask again.")


class ChannelsInSlack(APIView):
    """The channels that Slack lists in a workspace, to choose from."""

    @extend_schema(responses=ChannelsSerializer, parameters=[OpenApiParameter("cursor", str)])
    def get(self, request: Request, team: str, workspace: str) -> Response:
        there = workspace_named(request, team, workspace, Role.ADMIN)
        return Response(ChannelsSerializer(slack_web.channels_of(there, request.query_params.get("cursor", ""))).data)


class SlackChannelSerializer(OnlyKnownFields, serializers.ModelSerializer[SlackChannel]):
    channel_id = serializers.CharField(read_only=True)
    workspace = serializers.CharField(
        source="workspace.slack_id", default=None, read_only=True, help_text="Slack's id of it; null: by a webhook."
    )

    class Meta:
        model = SlackChannel
        fields = [
            "name", "workspace", "channel_id", "enabled", "disabled_reason", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["disabled_reason", "created_at", "updated_at"]
        validators: list[object] = []


class ChangedChannelSerializer(OnlyKnownFields, serializers.Serializer[SlackChannel]):
    """What can be changed of a channel. How it is reached stays."""

    name = serializers.CharField(max_length=80, required=False)
    enabled = serializers.BooleanField(required=False)
    channel_id = serializers.CharField(max_length=32, required=False)
    webhook_url = serializers.CharField(
        write_only=True, max_length=8192, required=False, help_text="A new address. It goes in and never comes out."
    )


class NewChannelSerializer(ChangedChannelSerializer):
    """One of: `webhook_url`; `channel_id` with `workspace`; `channel_id` with `token`."""

    name = serializers.CharField(max_length=80)
    workspace = serializers.CharField(required=False, help_text="Slack's id of a connected workspace.")
    token = serializers.CharField(write_only=True, required=False, help_text="A bot token (xoxb-…).")


def workspace_named(request: Request, team: str, slack_id: str, least: Role) -> SlackWorkspace:
    its_team = access.team_named(person(request), team, least)
    rows = SlackWorkspace.objects.select_related("team")
    return row_or_404(rows, f"Slack workspace {slack_id!r} in the team {team}", team=its_team, slack_id=slack_id)


class AlertChannelSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    channel = serializers.CharField(allow_null=True, help_text="A Slack channel of the team by name; null: none.")


class AlertChannel(APIView):
    """The Slack channel where alerts of the team's scripts (`run.alert`) come."""

    @extend_schema(responses=AlertChannelSerializer)
    def get(self, request: Request, team: str) -> Response:
        return Response(_alert_channel(access.team_named(person(request), team)))

    @extend_schema(request=AlertChannelSerializer, responses=AlertChannelSerializer)
    def put(self, request: Request, team: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = AlertChannelSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        name = sent.validated_data["channel"]
        channel = SlackChannel.objects.filter(team=its_team, name=name).first() if name else None
        if name and channel is None:
            refuse("channel", f"The team {team} has no Slack channel {name!r}.")
        alerts.set_channel_for_alerts(its_team, channel, by=person(request))
        return Response(_alert_channel(its_team))


def _alert_channel(team: Team) -> dict[str, str | None]:
    channel = alerts.channel_for_alerts(team)
    return {"channel": channel.name if channel else None}


_WORKSPACES = "teams/<str:team>/slack-workspaces"
paths = [
    path(_WORKSPACES, SlackWorkspaces.as_view()),
    path(f"{_WORKSPACES}/<str:workspace>", OneSlackWorkspace.as_view()),
    path(f"{_WORKSPACES}/<str:workspace>/channels", ChannelsInSlack.as_view()),
    path("teams/<str:team>/alert-channel", AlertChannel.as_view()),
]
