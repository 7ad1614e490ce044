"""The people of a team: who joins, with what role, and who leaves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from teams import memberships
from teams.models import Membership
from teams.settings_site.forms import ServiceForm
from teams.settings_site.team_scoped_admin import Scoped, TeamFilter
from teams.settings_site.team_settings_admin_site import team_settings
from teams.sign_in.two_factor.requirement import has_second_factor


class NewMemberForm(ServiceForm[Membership]):
    # Typed, not chosen: a list would tell every team who else is here.
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocapitalize": "none", "autocomplete": "off"}),
        help_text=_("Of a person of the team's organization, exactly as they sign in. Others join by an invitation."),
    )

    class Meta:
        model = Membership
        fields = ["team", "role"]

    def perform(self, values: dict[str, Any]) -> Membership:
        team, username = values["team"], values["username"]
        if Membership.objects.filter(team=team, user__username=username).exists():
            raise ValidationError({"username": f"{username} is on {team} already. Change the role in the list."})
        return memberships.add_colleague(team, username, values["role"])


class RoleForm(ServiceForm[Membership]):
    class Meta:
        model = Membership
        fields = ["role"]

    def perform(self, values: dict[str, Any]) -> Membership:
        return memberships.give_role(self.instance.team, self.instance.user, values["role"])


@admin.register(Membership, site=team_settings)
class MemberAdmin(Scoped[Membership]):
    add_form = NewMemberForm
    change_form = RoleForm
    fixed = ("team", "person")
    intro = _("Admins change everything here. Members make automations. Viewers read.")
    empty = _("The people of the team will be here.")
    icon = "team"

    list_display = ("person", "full_name", "role", "two_factor", "team")
    list_select_related = ("user", "team")
    list_filter = [TeamFilter, "role"]
    search_fields = ("user__username", "user__first_name", "user__last_name")
    ordering = ("team__name", "user__username")

    def get_fields(self, request: Any, obj: Membership | None = None) -> tuple[str, ...]:
        return ("team", "person", "role") if obj else ("team", "username", "role")

    @admin.display(description=_("person"), ordering="user")
    def person(self, membership: Membership) -> str:
        return membership.user.username

    @admin.display(description=_("name"))
    def full_name(self, membership: Membership) -> str:
        return membership.user.get_full_name()

    @admin.display(description=_("two-factor sign-in"), boolean=True)
    def two_factor(self, membership: Membership) -> bool:
        return bool(membership.has_second_factor)  # type: ignore[attr-defined]  # of get_queryset

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).annotate(has_second_factor=has_second_factor("user"))

    def remove(self, row: Membership) -> None:
        memberships.leave(row)
