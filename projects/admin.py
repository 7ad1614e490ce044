"""Django admin of projects and runs, for superusers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from common.pages.readonly_admin import PlacedAdmin, ReadOnlyAdmin
from projects.models import Project, Run
from teams.superusers.audited_admin import DeletedWholeAdmin


@admin.register(Project)
class ProjectAdmin(PlacedAdmin[Project], DeletedWholeAdmin[Project]):
    noun = "project"
    audited_fields = ("name", "team", "description", "acts_on_late_values", "late_after_hours")
    stays = ("team",)

    list_display = ("name", "team", "created_at")
    list_select_related = ("team",)
    search_fields = ("name", "team__name")
    raw_id_fields = ("team",)

    def owners(self, row: Project) -> dict[str, Any]:
        return {"team": row.team}


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = ("name", "display_name", "project", "user", "state", "created_at", "heartbeat_at")
    list_select_related = ("project__team", "user")
    list_filter = ("state",)
    search_fields = ("name", "display_name", "project__name")
    ordering = ("-id",)
