"""Django admin of the ledger, for superusers."""

from __future__ import annotations

from django.contrib import admin

from common.pages.readonly_admin import ReadOnlyAdmin
from events.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    list_display = ("id", "kind", "team", "stream", "occurred_at", "processed_at", "problem")
    list_select_related = ("team",)
    search_fields = ("stream", "team__name")
    ordering = ("-id",)
