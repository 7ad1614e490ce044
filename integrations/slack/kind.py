"""The kind `slack`: Slack channels as teams manage them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from automations.actions.action import Action
from events.event_types import EventType
from integrations.kind import registry
from integrations.slack import connect, services
from integrations.slack.action import channel_action
from integrations.slack.api import ChangedChannelSerializer, NewChannelSerializer, SlackChannelSerializer, paths
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.pages import ChannelAdmin, WorkspaceAdmin
from integrations.stored_kind import KindWithRows
from teams.audit import audit_log
from teams.models import Team, User


@registry.register
class SlackKind(KindWithRows):
    """A Slack channel, reached by the bot of a workspace or by an incoming webhook."""

    key = "slack"
    label = _("Slack")
    noun = _("Slack channel")
    plural = _("Slack channels")
    empty = _("The team's Slack channels will be here: where automations post.")
    icon = "slack"
    order = 2
    example = {"name": "alerts", "webhook_url": "https://hooks.slack.com/services/T000/B000/KEY"}
    verb_noun = "slack_channel"
    further_nouns = ("slack_workspace",)
    leads_to = _("Workspace")
    settings_model = "slackchannel"
    former_page, former_rest = "slack", "slack-channels"
    sdk_typename, sdk_id_name = "SlackIntegration", "SlackChannel"
    # `teamName` is the workspace in Slack; an incoming webhook says none.
    sdk_fields = {
        "teamName": lambda row: row.workspace.name if row.workspace else "",
        "channelName": lambda row: f"#{row.name}",
    }

    @classmethod
    def rows(cls) -> QuerySet[Any]:
        return SlackChannel.objects.with_workspaces().select_related("team")

    @classmethod
    def where(cls, row: SlackChannel) -> str:
        return row.workspace.name if row.workspace else str(_("an incoming webhook"))

    @classmethod
    def serializer(cls) -> type[Serializer[Any]]:
        return SlackChannelSerializer

    @classmethod
    def sent_serializer(cls, *, new: bool) -> type[Serializer[Any]]:
        return NewChannelSerializer if new else ChangedChannelSerializer

    @classmethod
    def create(cls, team: Team, values: Mapping[str, Any], *, by: User | None = None) -> SlackChannel:
        return services.create_channel(team, values, by=by)

    @classmethod
    def change(cls, row: SlackChannel, values: Mapping[str, Any]) -> SlackChannel:
        return services.change_channel(row, values)

    @classmethod
    def audit_values(cls, row: SlackChannel) -> dict[str, Any]:
        """Give no address, which is a secret."""
        workspace = row.workspace.name if row.workspace else None
        return {**audit_log.columns(row, "name", "channel_id", "enabled"), "workspace": workspace}

    @classmethod
    def test_action(cls, row: SlackChannel, sent: Mapping[str, Any], event: type[EventType]) -> Action:
        return channel_action(row)

    @classmethod
    def register_settings(cls, site: AdminSite) -> None:
        site.register(SlackWorkspace, WorkspaceAdmin)
        site.register(SlackChannel, ChannelAdmin)

    @classmethod
    def rest_paths(cls) -> list[URLPattern]:
        return paths

    @classmethod
    def page_paths(cls) -> list[URLPattern]:
        return connect.paths
