"""Slack for superusers."""

from __future__ import annotations

from django.contrib import admin

from common.pages.readonly_admin import ReadOnlyAdmin
from integrations.settings.former_numbers import LeadsFromFormerNumbers
from integrations.slack.models import SlackChannel, SlackWorkspace


@admin.register(SlackWorkspace)
class SlackWorkspaceAdmin(ReadOnlyAdmin[SlackWorkspace]):
    list_display = ("name", "team", "slack_id", "updated_at")
    list_select_related = ("team",)
    search_fields = ("name", "team__name")
    fields = ("team", "name", "slack_id", "created_at", "updated_at", "created_by")


@admin.register(SlackChannel)
class SlackChannelAdmin(LeadsFromFormerNumbers, ReadOnlyAdmin[SlackChannel]):
    list_display = ("name", "team", "workspace", "enabled", "disabled_reason")
    list_select_related = ("team",)
    list_filter = ("enabled",)
    search_fields = ("name", "team__name")
    fields = ("team", "name", "workspace", "channel_id", "enabled", "disabled_reason", "created_at", "created_by")
