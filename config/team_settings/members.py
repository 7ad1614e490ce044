"""The people of a team: who joins, with what role, and who leaves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.team_settings.forms import ServiceForm
from config.team_settings.scoped import Scoped, TeamFilter
from config.team_settings.site import team_settings
from teams import services
from teams.models import Membership, User


class NewMemberForm(ServiceForm[Membership]):
    # Typed, not chosen: a list would tell every team who else is here.
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocapitalize": "none", "autocomplete": "off"}),
        help_text=_("Exactly as it is written when signing in."),
    )

    class Meta:
        model = Membership
        fields = ["team", "role"]

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if not User.objects.filter(username=username, is_active=True).exists():
            raise ValidationError(f"There is no person {username!r}. An administrator of this Runbell adds people.")
        return username

    def perform(self, values: dict[str, Any]) -> Membership:
        team, username = values["team"], values["username"]
        if Membership.objects.filter(team=team, user__username=username).exists():
            raise ValidationError({"username": f"{username} is on {team} already. Change the role in the list."})
        return services.set_role(team, username, values["role"])


class RoleForm(ServiceForm[Membership]):
    class Meta:
        model = Membership
        fields = ["role"]

    def perform(self, values: dict[str, Any]) -> Membership:
        return services.set_role(self.instance.team, self.instance.user.username, values["role"])


@admin.register(Membership, site=team_settings)
class MemberAdmin(Scoped[Membership]):
    add_form = NewMemberForm
    change_form = RoleForm
    fixed = ("team", "person")
    intro = _("Admins change everything here. Members make automations. Viewers read.")
    empty = _("The people of the team will be here.")
    icon = "team"

    list_display = ("person", "full_name", "role", "team")
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

    def remove(self, row: Membership) -> None:
        services.leave(row)
