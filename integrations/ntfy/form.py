"""The settings form of an ntfy topic: the server, the topic, and the access token where it takes one."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from integrations.forms import SecretNameField, SettingsForm, callable_url

_topic = RegexValidator(r"^[-_A-Za-z0-9]{1,64}\Z", _("A topic has up to 64 letters, digits, hyphens and underscores."))


class NtfyForm(SettingsForm):
    server = forms.CharField(
        label=_("Server"), max_length=500, initial="https://ntfy.sh", help_text=_("Where ntfy is: ntfy.sh, or yours.")
    )
    topic = forms.CharField(label=_("Topic"), max_length=64, validators=[_topic])
    token = SecretNameField(
        label=_("Access token"), required=False, help_text=_("A secret of the team; sent as Authorization: Bearer.")
    )

    def clean_server(self) -> str:
        return callable_url(self.cleaned_data["server"].strip())
