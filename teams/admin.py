"""People, organizations and teams, for the superusers of this Runbell."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import PlacedAdmin, ReadOnlyAdmin
from teams import audit
from teams.accounts import tell_of_password
from teams.admin_audit import AuditedAdmin, saved
from teams.models import ApiKey, AuditEvent, Membership, Notice, Organization, Team, User


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # no generic when it runs
    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit)
            tell_of_password(user)
        return user


@admin.register(User)
class UserAdmin(AuditedAdmin[User], DjangoUserAdmin[User]):
    noun = "user"
    told = ("username", "email", "first_name", "last_name", "is_active", "is_service", "is_staff", "is_superuser")
    told_many = ("groups", "user_permissions")
    change_password_form = NewPasswordForm

    list_display = ("username", "email", "is_service", "is_active", "is_superuser", "last_login")
    list_filter = ("is_service", "is_active", "is_superuser")
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), (_("Runbell"), {"fields": ("is_service",)}))
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, (_("Runbell"), {"fields": ("is_service",)}))
    date_hierarchy = "date_joined"

    def owners(self, row: User) -> dict[str, Any]:
        return {"person": row}


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin[Organization]):
    noun = "organization"
    told = ("name",)
    told_many = ("admins",)

    list_display = ("name", "created_at")
    search_fields = ("name",)
    raw_id_fields = ("admins",)

    def owners(self, row: Organization) -> dict[str, Any]:
        return {"organization": row}


class MembershipInline(admin.TabularInline[Membership, Team]):
    model = Membership
    raw_id_fields = ("user",)
    extra = 1


@admin.register(Team)
class TeamAdmin(PlacedAdmin[Team], AuditedAdmin[Team]):
    """Also where a new team gets its first admin."""

    noun = "team"
    stays = ("organization",)
    told = ("name", "organization")

    list_display = ("name", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
    inlines = (MembershipInline,)

    def owners(self, row: Team) -> dict[str, Any]:
        return {"team": row, "organization": row.organization}

    def record_inline(self, formset: Any) -> None:
        for what, row, sides in saved(formset):
            audit.record(f"member.{what}", f"member {row.user}", team=row.team, person=row.user, **sides)


@admin.register(Membership)
class MembershipAdmin(PlacedAdmin[Membership], AuditedAdmin[Membership]):
    noun = "member"
    stays = ("user", "team")
    told = ("role", "user", "team")

    list_display = ("user", "team", "role")
    list_select_related = ("user", "team")
    list_filter = ("role",)
    search_fields = ("user__username", "team__name")
    raw_id_fields = ("user", "team")

    def record(self, what: str, row: Membership, **sides: Any) -> None:
        words = {"create": "add", "delete": "remove"}
        verb = f"member.{words.get(what, what)}"
        audit.record(verb, f"member {row.user}", team=row.team, person=row.user, **sides)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    list_display = ("text", "team", "created_at", "settled_at", "emailed_at")
    list_select_related = ("team",)
    search_fields = ("text", "key", "team__name")


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin[ApiKey]):
    """A superuser can take a key back. Its owner alone can make one, for it is shown once."""

    noun = "key"
    told = ("name", "start", "user", "expires_at")
    list_display = ("name", "start", "user", "created_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "start", "user__username")
    fields = readonly_fields = ("user", "name", "start", "created_at", "expires_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def owners(self, row: ApiKey) -> dict[str, Any]:
        return {"person": row.user}


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    """All of it, also what belongs to no team: refused strangers, failed sign-ins under names nobody has."""

    list_display = ("at", "actor", "verb", "target", "place", "door", "address")
    list_filter = ("door", "verb")
    search_fields = ("actor", "target", "place")
    ordering = ("-id",)
