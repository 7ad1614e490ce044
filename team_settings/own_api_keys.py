"""A person's own API keys: made here, shown once, and taken back."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from common.templatetags.formatting import ago
from teams import access
from teams.accounts import api_key
from teams.accounts.api_key import KeyLimits
from teams.accounts.key_scopes import KeyScope, checked_networks
from teams.audit import actor
from teams.models import ApiKey, User
from teams.settings_site.forms import ServiceForm
from teams.settings_site.shown_once import ShownOnce
from teams.settings_site.team_settings_admin_site import team_settings


class NewKeyForm(ServiceForm[ApiKey]):
    plain = ""

    scope = forms.ChoiceField(
        label=_("May"),
        choices=KeyScope.choices,
        initial=KeyScope.ALL,
        required=False,
        help_text=_("Of what you may. Each may read."),
    )

    class Meta:
        model = ApiKey
        fields = ["name", "team", "networks", "expires_at"]
        help_texts = {"name": _("Where it is used, such as train-box or ci.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields.get("team")
        if isinstance(team, forms.ModelChoiceField):
            team.queryset, team.empty_label = access.teams_of(self.person), _("All of yours")
            # Where there is one team a page of it would begin with that: a key reaches it all the same.
            team.initial = None

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or KeyScope.ALL

    def clean_networks(self) -> str:
        return checked_networks(self.cleaned_data["networks"])

    def perform(self, values: dict[str, Any]) -> ApiKey:
        limits = {name: values[name] for name in ("expires_at", "scope", "team", "networks")}
        key, self.plain = api_key.create_key(self.person, values["name"], KeyLimits(**limits))
        return key


@admin.register(ApiKey, site=team_settings)
class PersonalKeyAdmin(ShownOnce[ApiKey]):
    """The one list that is a person's and not a team's."""

    once_template = "admin/team_settings/new_key.html"
    once_title = _("Your new API key")
    add_form = change_form = NewKeyForm
    intro = _("Your own keys, for scripts. A key can do what you can do, or less: choose what, where and from where.")
    empty = _("Your API keys will be here: scripts show one instead of your password.")
    icon = "key"

    # One field of the browser's own, not Django's two with a calendar.
    formfield_overrides: ClassVar[dict[type[models.Field[Any, Any]], Any]] = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        }
    }
    fixed = ()
    list_display = ("name", "starts_with", "may", "reaches", "created", "expires", "last_used")
    list_filter = []
    search_fields = ("name",)
    ordering = ("-created_at",)

    def narrowed(self, rows: QuerySet[ApiKey], user: User) -> QuerySet[ApiKey]:
        return rows.filter(user=user)

    def note_denial(self, rows: QuerySet[ApiKey]) -> None:
        actor.note_denial()

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return self.list_display if obj else ("name", "scope", "team", "networks", "expires_at")

    def shown_once(self, form: Any) -> dict[str, Any]:
        return {"key": form.instance, "plain": form.plain}

    @admin.display(description=_("starts with"))
    def starts_with(self, key: ApiKey) -> str:
        return f"{key.start}…"

    @admin.display(description=_("may"), ordering="scope")
    def may(self, key: ApiKey) -> str:
        return str(KeyScope(key.scope).label)

    @admin.display(description=_("reaches"))
    def reaches(self, key: ApiKey) -> str:
        where = str(key.team) if key.team else translated("all teams")
        return f"{where}, {key.networks}" if key.networks else where

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, key: ApiKey) -> str:
        return ago(key.created_at)

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        return ago(key.expires_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return ago(key.last_used_at)

    def remove(self, row: ApiKey) -> None:
        api_key.delete_key(row)

    def losses(self, row: ApiKey) -> list[str]:
        return ["Scripts that use it are refused from now on."]
