"""The kind `ntfy`: ntfy topics as teams manage them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from integrations.kind import registry
from integrations.models import Integration
from integrations.ntfy.form import NtfyForm
from integrations.stored_kind import StoredKind


@registry.register
class NtfyKind(StoredKind):
    """ntfy topics that automations publish to: push messages on phones and desktops."""

    key = settings_model = verb_noun = "ntfy"
    label = _("ntfy")
    noun = _("ntfy topic")
    plural = _("ntfy topics")
    empty = _("The team's ntfy topics will be here: where automations publish.")
    leads_to = _("Goes to")
    order = 4
    Form = NtfyForm
    action_key = "notify_ntfy"
    example = {"name": "night-shift", "server": "https://ntfy.sh", "topic": "night-shift"}

    @classmethod
    def where(cls, row: Integration) -> str:
        server = urlsplit(row.settings["server"]).netloc.rpartition("@")[2]
        return f"{server}/{row.settings['topic']}"
