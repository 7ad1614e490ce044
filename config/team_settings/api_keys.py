"""A person's own API keys: made here, shown once, and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from common.templatetags.words import ago
from config.team_settings.forms import ServiceForm
from config.team_settings.scoped import Scoped
from config.team_settings.site import team_settings
from teams import keys, origin
from teams.models import ApiKey, User


class NewKeyForm(ServiceForm[ApiKey]):
    plain = ""

    class Meta:
        model = ApiKey
        fields = ["name", "expires_at"]
        help_texts = {"name": _("Where it is used, such as train-box or ci.")}

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError(f"{expires_at:%Y-%m-%d %H:%M} is over. Give a time to come, or leave it out.")
        return expires_at

    def perform(self, values: dict[str, Any]) -> ApiKey:
        key, self.plain = keys.create_key(self.person, values["name"], expires_at=values["expires_at"])
        return key


@admin.register(ApiKey, site=team_settings)
class ApiKeyAdmin(Scoped[ApiKey]):
    """The one list that is a person's and not a team's."""

    add_form = change_form = NewKeyForm
    intro = _("Your own keys, for scripts. A key can do what you can do, in all your teams.")
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
    list_display = ("name", "starts_with", "created", "expires", "last_used")
    list_filter = []
    search_fields = ("name",)
    ordering = ("-created_at",)

    def narrowed(self, rows: QuerySet[ApiKey], user: User) -> QuerySet[ApiKey]:
        return rows.filter(user=user)

    def note_denial(self, rows: QuerySet[ApiKey]) -> None:
        origin.note_denial()

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return self.list_display if obj else ("name", "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    @sensitive_variables("form")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the key in this answer and nowhere else: a redirect could not, and messages are kept in cookies."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request)(request.POST or None)
        if not isinstance(form, NewKeyForm) or not self._made(request, form):
            return super().add_view(request, form_url, extra_context)
        return self._shown_once(request, form)

    def _made(self, request: HttpRequest, form: NewKeyForm) -> bool:
        with transaction.atomic():
            if not form.is_valid():
                return False
            self.log_addition(request, form.instance, [{"added": {}}])
            return True

    def _shown_once(self, request: HttpRequest, form: NewKeyForm) -> HttpResponse:
        request.current_app = self.admin_site.name  # where {% url %} looks
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Your new API key"),
            "key": form.instance,
            "plain": form.plain,
        }
        return TemplateResponse(request, "admin/team_settings/new_key.html", context)

    @admin.display(description=_("starts with"))
    def starts_with(self, key: ApiKey) -> str:
        return f"{key.start}…"

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
        keys.delete_key(row)

    def losses(self, row: ApiKey) -> list[str]:
        return ["Scripts that use it are refused from now on."]
