"""The form of a test delivery to a webhook: whose sample values, and the payload."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events import event_types
from integrations.forms import TestForm
from integrations.webhook.action import default_payload


class WebhookTestForm(TestForm):
    event = forms.ChoiceField(
        label=_("Event"), choices=event_types.registry.choices, help_text=_("Whose sample values fill the variables.")
    )
    payload = forms.CharField(
        label=_("Payload"),
        required=False,
        strip=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        help_text=_("Empty: the default one."),
    )

    def begin(self, row: Any) -> None:
        self.fields["payload"].initial = default_payload(row)
