"""Django admin of people, organizations and teams, for the superusers of this Runbell."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.pages.readonly_admin import PlacedAdmin, ReadOnlyAdmin
from teams.accounts import sign_in_limits
from teams.accounts.profile import record_password_change
from teams.audit import audit_log
from teams.email_addresses.confirmed import confirm_address, is_confirmed
from teams.models import ApiKey, AuditEvent, Membership, Notice, Organization, Team, User
from teams.sessions.expired_sessions import delete_sessions, end_sessions
from teams.sign_in.two_factor import factors
from teams.superusers.audited_admin import AuditedAdmin, DeletedWholeAdmin, role_changes


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # no generic when it runs
    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit)
            record_password_change(user)
        return user


@admin.register(User)
class UserAdmin(AuditedAdmin[User], DjangoUserAdmin[User]):
    noun = "user"
    audited_fields = (
        "username",
        "email",
        "confirmed_email",
        "first_name",
        "last_name",
        "is_active",
        "is_service",
        "is_staff",
        "is_superuser",
    )
    audited_many = ("groups", "user_permissions")
    change_password_form = NewPasswordForm

    list_display = ("username", "email", "has_confirmed_email", "is_service", "is_active", "is_superuser", "last_login")
    list_filter = ("is_service", "is_active", "is_superuser")
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), (_("Runbell"), {"fields": ("is_service",)}))
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, (_("Runbell"), {"fields": ("is_service",)}))
    date_hierarchy = "date_joined"
    actions = ("unlock_sign_in", "reset_two_factor", "sign_out_everywhere", "confirm_email")

    @admin.action(description=_("Let sign in again, after too many wrong passwords"), permissions=["change"])
    def unlock_sign_in(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        for user in rows:
            sign_in_limits.unlock(user.username)
        self.message_user(request, _("They may sign in again. Addresses: manage.py unlock_sign_in ADDRESS."))

    @admin.action(description=_("Reset two-factor sign-in, of somebody who lost the phone"), permissions=["change"])
    def reset_two_factor(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        for user in rows:
            factors.reset(user)
        self.message_user(request, _("Their password alone signs them in now. See that it is really them who asked."))

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        ended = sum(end_sessions(user) for user in rows)
        self.message_user(request, _("%d sessions are ended. API keys go on.") % ended)

    @admin.action(description=_("Confirm the e-mail address"), permissions=["change"])
    def confirm_email(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        done = sum(confirm_address(user, user.email, "superuser") for user in rows)
        self.message_user(request, _("%d addresses count as confirmed. See that each is really theirs.") % done)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if "email" in form.changed_data:
            # Whoever administers Runbell answers for what they set.
            obj.confirmed_email = obj.email
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            delete_sessions(obj)

    @admin.display(description=_("confirmed"), boolean=True)
    def has_confirmed_email(self, row: User) -> bool:
        return is_confirmed(row)

    def owners(self, row: User) -> dict[str, Any]:
        return {"person": row}


# Its own would show what is kept of a factor, and let it be changed unseen.
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin[Authenticator]):
    """Who has which second factor. To take them away: the action on the person."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")


@admin.register(Organization)
class OrganizationAdmin(DeletedWholeAdmin[Organization]):
    noun = "organization"
    audited_fields = ("name", "requires_two_factor")
    audited_many = ("admins",)

    list_display = ("name", "requires_two_factor", "created_at")
    search_fields = ("name",)
    raw_id_fields = ("admins",)

    def owners(self, row: Organization) -> dict[str, Any]:
        return {"organization": row}


class MembershipInline(admin.TabularInline[Membership, Team]):
    model = Membership
    raw_id_fields = ("user",)
    extra = 1


@admin.register(Team)
class TeamAdmin(PlacedAdmin[Team], DeletedWholeAdmin[Team]):
    """Also where a new team gets its first admin."""

    noun = "team"
    stays = ("organization",)
    audited_fields = ("name", "organization")

    list_display = ("name", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
    inlines = (MembershipInline,)

    def owners(self, row: Team) -> dict[str, Any]:
        return {"team": row, "organization": row.organization}

    def record_inline(self, formset: Any) -> None:
        # Changed by hand, so no group takes it back.
        Membership.objects.filter(pk__in=[row.pk for row, _ in formset.changed_objects]).update(source="")
        for what, row, sides in role_changes(formset):
            audit_log.record(f"member.{what}", f"member {row.user}", team=row.team, person=row.user, **sides)


@admin.register(Membership)
class MembershipAdmin(PlacedAdmin[Membership], AuditedAdmin[Membership]):
    noun = "member"
    stays = ("user", "team")
    audited_fields = ("role", "user", "team")

    list_display = ("user", "team", "role")
    list_select_related = ("user", "team")
    list_filter = ("role",)
    search_fields = ("user__username", "team__name")
    raw_id_fields = ("user", "team")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        # By hand, so no group takes it back.
        obj.source = ""
        super().save_model(request, obj, form, change)

    def record(self, what: str, row: Membership, **sides: Any) -> None:
        words = {"create": "add", "delete": "remove"}
        verb = f"member.{words.get(what, what)}"
        audit_log.record(verb, f"member {row.user}", team=row.team, person=row.user, **sides)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    list_display = ("text", "team", "created_at", "settled_at", "emailed_at")
    list_select_related = ("team",)
    search_fields = ("text", "key", "team__name")


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin[ApiKey]):
    """A superuser can take a key back. Its owner alone can make one, for it is shown once."""

    noun = "key"
    audited_fields = ("name", "start", "user", "expires_at")
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
