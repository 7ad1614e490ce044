"""API keys of a team's people that reach it: listed for its admins, who may close the team to one."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from common.templatetags.formatting import ago
from teams import access
from teams.accounts import api_key
from teams.accounts.key_scopes import KeyScope
from teams.audit import actor
from teams.models import ApiKey, User
from teams.settings_site.team_scoped_admin import Scoped
from teams.settings_site.team_settings_admin_site import team_settings


class TeamKey(ApiKey):
    """A key as the admins of a team see it. Not in the registry of models: there is one table of keys."""

    class Meta:
        proxy = True
        app_label = "teams"
        apps = Apps()
        verbose_name = _("key that reaches the team")
        verbose_name_plural = _("keys that reach the team")


@admin.register(TeamKey, site=team_settings)
class TeamKeyAdmin(Scoped[TeamKey]):
    intro = _("API keys of the team's people that lead to it. Where one is lost, close the team to it here.")
    called = _("Keys of people")
    empty = _("The API keys of the team's people will be here, with what they may and when they were last used.")
    icon = "key"

    list_display = ("name", "person", "may", "from_where", "last_used", "expires")
    list_select_related = ("user",)
    list_filter = []
    search_fields = ("name", "user__username")
    search_help_text = _("Search by name or person")
    ordering = ("user__username", "name")

    def narrowed(self, rows: QuerySet[TeamKey], user: User) -> QuerySet[TeamKey]:
        teams = access.administered_by(user)
        return rows.filter(pk__in={key.pk for team in teams for key in api_key.reaching(team)})

    def note_denial(self, rows: QuerySet[TeamKey]) -> None:
        actor.note_denial()

    def get_fields(self, request: HttpRequest, obj: TeamKey | None = None) -> tuple[str, ...]:
        return self.list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TeamKey | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # Not the form of a service: there is nothing to send.
        return admin.ModelAdmin.get_form(self, request, obj, change, **kwargs)

    def remove(self, row: TeamKey) -> None:
        """Close every team of the admin that the key reaches."""
        for team in access.administered_by(actor.current().person() or AnonymousUser()):
            if api_key.reaching(team).filter(pk=row.pk).exists():
                api_key.close_key(row, team)

    def losses(self, row: TeamKey) -> list[str]:
        return ["Scripts of this person that use it no longer reach your team. Elsewhere it goes on working."]

    @admin.display(description=_("person"), ordering="user__username")
    def person(self, key: TeamKey) -> str:
        return key.user.username

    @admin.display(description=_("may"), ordering="scope")
    def may(self, key: TeamKey) -> str:
        return str(KeyScope(key.scope).label)

    @admin.display(description=_("from"))
    def from_where(self, key: TeamKey) -> str:
        return key.networks or translated("anywhere")

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, key: TeamKey) -> str:
        return ago(key.expires_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, key: TeamKey) -> str:
        return ago(key.last_used_at)
