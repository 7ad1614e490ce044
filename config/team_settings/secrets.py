"""A team's secrets: values go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from automations import services as automations
from common.templatetags.words import ago
from config.team_settings.forms import ServiceForm
from config.team_settings.scoped import Scoped
from config.team_settings.site import team_settings
from integrations.services import webhooks_with
from secrets_vault import services
from secrets_vault.models import Secret

MASK = "********"


class Unshown(forms.Textarea):
    """A text that is typed and sent, and never written into a page: not even after an error."""

    def __init__(self) -> None:
        super().__init__({"rows": 3, "class": "secret-value", "autocomplete": "off", "spellcheck": "false"})

    def format_value(self, value: Any) -> None:
        return None


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
class SecretAdmin(Scoped[Secret]):
    add_form = NewSecretForm
    change_form = NewValueForm
    fixed = ("team", "name")
    intro = _("Tokens and passwords that webhooks use by name. A value goes in and is never shown again.")
    empty = _("The team's secrets will be here: tokens and passwords that its webhooks use by name.")
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Secret]:
        return super().get_queryset(request).prefetch_related("team__webhooks")

    @method_decorator(sensitive_post_parameters("value"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description=_("value"))
    def masked(self, secret: Secret) -> str:
        return MASK

    @admin.display(description=_("used by"))
    def used_by(self, secret: Secret) -> str:
        names = [webhook.name for webhook in secret.team.webhooks.all() if secret.name in webhook.granted]
        return ", ".join(sorted(names))

    @admin.display(description=_("updated"), ordering="updated_at")
    def updated(self, secret: Secret) -> str:
        return ago(secret.updated_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, secret: Secret) -> str:
        return ago(secret.last_used_at)

    def remove(self, row: Secret) -> None:
        automations.delete_secret(row, confirmed=True)

    def losses(self, row: Secret) -> list[str]:
        return [
            f"The webhook {webhook.name} uses it: it cannot be called until there is a secret of this name again."
            for webhook in webhooks_with(row)
        ]
