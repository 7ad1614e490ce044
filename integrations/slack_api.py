"""Slack over REST: the workspaces of a team, the channels there are in Slack, and those that messages go to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.finding import found
from common.serializers import OnlyKnownFields
from integrations import slack_services, slack_web
from integrations.models import SlackChannel, SlackWorkspace
from teams import access
from teams.models import Role
from teams.people import person


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


class FoundSerializer(serializers.Serializer[Any]):
    channel_id = serializers.CharField()
    name = serializers.CharField()
    private = serializers.BooleanField()


class ChannelsSerializer(serializers.Serializer[Any]):
    channels = FoundSerializer(many=True)
    cursor = serializers.CharField(help_text="For the next page; blank on the last.")
    wait_seconds = serializers.FloatField(allow_null=True, help_text="Slack asks to wait so long, then ask again.")


class ChannelsInSlack(APIView):
    """The channels that Slack lists in a workspace, to choose from."""

    @extend_schema(responses=ChannelsSerializer, parameters=[OpenApiParameter("cursor", str)])
    def get(self, request: Request, team: str, workspace: str) -> Response:
        there = workspace_named(request, team, workspace, Role.ADMIN)
        return Response(ChannelsSerializer(slack_web.channels_of(there, request.query_params.get("cursor", ""))).data)


class SlackChannelSerializer(OnlyKnownFields, serializers.ModelSerializer[SlackChannel]):
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


class SlackChannels(generics.ListAPIView[SlackChannel]):
    """The Slack channels of a team: where its automations may post."""

    serializer_class = SlackChannelSerializer
    queryset = SlackChannel.objects.none()

    def get_queryset(self) -> QuerySet[SlackChannel]:
        return SlackChannel.objects.filter(team=access.team_named(person(self.request), self.kwargs["team"]))

    @extend_schema(request=NewChannelSerializer, responses={201: SlackChannelSerializer})
    def post(self, request: Request, team: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = NewChannelSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        channel = slack_services.create_channel(its_team, sent.validated_data, by=person(request))
        return Response(SlackChannelSerializer(channel).data, status=status.HTTP_201_CREATED)


class OneSlackChannel(APIView):
    """One Slack channel of a team. Who uses it is known further up, so its DELETE is in automations.api."""

    @extend_schema(responses=SlackChannelSerializer)
    def get(self, request: Request, team: str, name: str) -> Response:
        return Response(SlackChannelSerializer(channel_named(request, team, name, Role.VIEWER)).data)

    @extend_schema(request=ChangedChannelSerializer, responses=SlackChannelSerializer)
    def patch(self, request: Request, team: str, name: str) -> Response:
        channel = channel_named(request, team, name, Role.ADMIN)
        sent = ChangedChannelSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(SlackChannelSerializer(slack_services.change_channel(channel, sent.validated_data)).data)


def workspace_named(request: Request, team: str, slack_id: str, least: Role) -> SlackWorkspace:
    its_team = access.team_named(person(request), team, least)
    rows = SlackWorkspace.objects.select_related("team")
    return found(rows, f"Slack workspace {slack_id!r} in the team {team}", team=its_team, slack_id=slack_id)


def channel_named(request: Request, team: str, name: str, least: Role) -> SlackChannel:
    its_team = access.team_named(person(request), team, least)
    rows = SlackChannel.objects.select_related("team")
    return found(rows, f"Slack channel {name!r} in the team {team}", team=its_team, name=name)
