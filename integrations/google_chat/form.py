"""The settings form of a Google Chat space: the address of its webhook."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.forms import PrivateField, SettingsForm, callable_url


class GoogleChatForm(SettingsForm):
    webhook_url = PrivateField(
        label=_("Webhook URL"),
        max_length=8192,
        help_text=_("From the space's Apps & integrations. It holds a key and a token, so it is never shown again."),
    )

    def clean_webhook_url(self) -> str:
        url: str = self.cleaned_data["webhook_url"].strip()
        # Not said back: it is a secret. Left out, it stays what it was.
        return callable_url(url, shown="This address") if url else ""
