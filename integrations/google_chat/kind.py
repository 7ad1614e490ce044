"""The kind `google_chat`: Google Chat spaces as teams manage them."""

from __future__ import annotations

from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from integrations.google_chat.form import GoogleChatForm
from integrations.kind import registry
from integrations.models import Integration
from integrations.stored_kind import StoredKind


@registry.register
class GoogleChatKind(StoredKind):
    """Google Chat spaces that automations post cards to, each by the address of a webhook."""

    key = settings_model = verb_noun = "google_chat"
    label = _("Google Chat")
    noun = _("Google Chat space")
    plural = _("Google Chat spaces")
    empty = _("The team's Google Chat spaces will be here: where automations post.")
    leads_to = _("Reached by")
    order = 3
    Form = GoogleChatForm
    action_key = "notify_google_chat"
    example = {
        "name": "vision team",
        "webhook_url": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=KEY&token=TOKEN",
    }

    @classmethod
    def where(cls, row: Integration) -> str:
        return translated("the webhook of a space")
