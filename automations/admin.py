"""Django admin of automations, executions and attempts, for superusers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from automations.models import Attempt, Automation, Execution
from common.pages.readonly_admin import ReadOnlyAdmin


@admin.register(Automation)
class AutomationAdmin(ReadOnlyAdmin[Automation]):
    list_display = ("name", "project", "event_type", "receiver_key", "enabled", "problem", "created_by", "deleted_at")
    list_select_related = ("project__team", "created_by")
    list_filter = ("enabled", "event_type")
    search_fields = ("name", "team__name", "project__name")
    ordering = ("-id",)


class AttemptInline(admin.TabularInline[Attempt, Execution]):
    model = Attempt
    extra = 0
    fields = readonly_fields = ("number", "started_at", "seconds", "ok", "detail")
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin[Execution]):
    list_display = ("id", "automation", "state", "reason", "attempts_made", "next_attempt_at", "created_at", "ended_at")
    list_select_related = ("automation",)
    list_filter = ("state",)
    search_fields = ("delivery_id", "automation__name", "subject_label")
    ordering = ("-id",)
    inlines = (AttemptInline,)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ("id", "execution", "number", "ok", "detail", "started_at", "seconds")
    list_select_related = ("execution__automation",)
    list_filter = ("ok",)
    search_fields = ("detail", "execution__delivery_id")
    ordering = ("-id",)
