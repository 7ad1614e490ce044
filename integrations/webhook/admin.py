"""Webhooks for superusers."""

from __future__ import annotations

from django.contrib import admin

from common.pages.readonly_admin import ReadOnlyAdmin
from integrations.settings.former_numbers import LeadsFromFormerNumbers
from integrations.webhook.models import Webhook


@admin.register(Webhook)
class WebhookAdmin(LeadsFromFormerNumbers, ReadOnlyAdmin[Webhook]):
    list_display = ("name", "team", "url", "enabled", "disabled_reason")
    list_select_related = ("team",)
    list_filter = ("enabled",)
    search_fields = ("name", "team__name")
