"""Admin of secrets for superusers: that they exist, and nothing of what they hold."""

from __future__ import annotations

from django.contrib import admin

from common.pages.readonly_admin import ReadOnlyAdmin
from secrets_vault.models import Secret


@admin.register(Secret)
class SecretAdmin(ReadOnlyAdmin[Secret]):
    list_display = ("name", "team", "updated_at", "updated_by", "last_used_at")
    list_select_related = ("team", "updated_by")
    search_fields = ("name", "team__name")
    fields = ("team", "name", "created_at", "updated_at", "updated_by", "last_used_at")
