"""Django admin of registries, for superusers: also where an organization gets its first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from artifacts.models import Registry
from common.pages.readonly_admin import PlacedAdmin
from registries.models import RegistryMember
from registries.services import record_member
from teams.superusers.audited_admin import DeletedWholeAdmin, role_changes


class RegistryMemberInline(admin.TabularInline[RegistryMember, Registry]):
    model = RegistryMember
    raw_id_fields = ("user", "team")
    extra = 1


@admin.register(Registry)
class RegistryAdmin(PlacedAdmin[Registry], DeletedWholeAdmin[Registry]):
    noun = "registry"
    stays = ("organization",)
    audited_fields = ("name", "description", "visibility", "organization")

    list_display = ("name", "organization", "visibility", "created_at")
    list_select_related = ("organization",)
    list_filter = ("visibility",)
    search_fields = ("name", "organization__name")
    raw_id_fields = ("organization",)
    inlines = (RegistryMemberInline,)

    def owners(self, row: Registry) -> dict[str, Any]:
        return {"organization": row.organization}

    def record_inline(self, formset: Any) -> None:
        for what, member, sides in role_changes(formset):
            record_member(what, member, **sides)
