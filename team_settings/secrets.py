"""A team's secrets: values go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from common.templatetags.formatting import ago
from secrets_vault import services
from secrets_vault.models import Secret
from secrets_vault.secret_usage import users_of
from teams.settings_site.forms import ServiceForm, Unshown
from teams.settings_site.team_scoped_admin import Scoped
from teams.settings_site.team_settings_admin_site import team_settings

MASK = "********"


class ValueForm(ServiceForm[Secret]):
    value = forms.CharField(label=_("Value"), strip=False, widget=Unshown)

    def clean_value(self) -> str:
        # Browsers send the line ends of a text area as CRLF; a private key is written with LF.
        value: str = self.cleaned_data["value"]
        return value.replace("\r\n", "\n")


class NewSecretForm(ValueForm):
    class Meta:
        model = Secret
        fields = ["team", "name"]
        help_texts = {"name": _("Letters, digits and underscores, such as DEPLOY_KEY. It cannot be changed later.")}

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> Secret:
        return services.create_secret(values["team"], values["name"], values["value"], by=self.person)


class NewValueForm(ValueForm):
    class Meta:
        model = Secret
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].label = _("New value")
        self.fields["value"].help_text = _("Takes the place of the old one at once. The old one is not shown anywhere.")

    @sensitive_variables("values")
    def perform(self, values: dict[str, Any]) -> Secret:
        services.change_secret(self.instance, values["value"], by=self.person)
        return self.instance


@admin.register(Secret, site=team_settings)
class TeamSecretAdmin(Scoped[Secret]):
    add_form = NewSecretForm
    change_form = NewValueForm
    fixed = ("team", "name")
    intro = _("Tokens and passwords that integrations use by name. A value goes in and is never shown again.")
    empty = _("The team's secrets will be here: tokens and passwords that its integrations use by name.")
    icon = "lock"

    list_display = ("name", "masked", "team", "used_by", "updated", "updated_by", "last_used")
    list_select_related = ("team", "updated_by")
    readonly_fields = ("used_by", "updated", "updated_by", "last_used")
    search_fields = ("name",)
    ordering = ("team__name", "name")
    # The form has a `value` of its own. Were it the model's, each page would decrypt the secret to fill it in.
    exclude = ("value",)

    def get_fields(self, request: HttpRequest, obj: Secret | None = None) -> tuple[str, ...]:
        return ("team", "name", "value", *self.readonly_fields) if obj else ("team", "name", "value")

    @method_decorator(sensitive_post_parameters("value"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description=_("value"))
    def masked(self, secret: Secret) -> str:
        return MASK

    @admin.display(description=_("used by"))
    def used_by(self, secret: Secret) -> str:
        return ", ".join(sorted(name for names in users_of(secret).values() for name in names))

    @admin.display(description=_("updated"), ordering="updated_at")
    def updated(self, secret: Secret) -> str:
        return ago(secret.updated_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, secret: Secret) -> str:
        return ago(secret.last_used_at)

    def remove(self, row: Secret) -> None:
        services.delete_secret(row, confirmed=True)

    def losses(self, row: Secret) -> list[str]:
        return [loss for user in users_of(row) for loss in user.losses(row)]
