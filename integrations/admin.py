"""Integrations for superusers."""

from __future__ import annotations

from django.contrib import admin

from common.pages.readonly_admin import ReadOnlyAdmin
from integrations.models import Integration


@admin.register(Integration)
class IntegrationAdmin(ReadOnlyAdmin[Integration]):
    list_display = ("name", "kind", "team", "enabled", "disabled_reason")
    list_select_related = ("team",)
    list_filter = ("kind", "enabled")
    search_fields = ("name", "team__name")
    fields = (
        "team", "kind", "name", "settings", "enabled", "disabled_reason", "failing_since", "created_at", "created_by",
    )  # fmt: skip
