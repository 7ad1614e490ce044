"""The action `notify_google_chat`: posts to a Google Chat space of the team."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from automations.actions.action import registry
from automations.messages import run_log, text_fields
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from integrations.action import IntegrationAction, IntegrationForm
from integrations.google_chat.message import message
from outbound.provider import Receiver


class NotifyGoogleChatForm(IntegrationForm):
    kind_key = "google_chat"
    title = text_fields.TextLineField(
        label=_("Title"), help_text=_("With variables such as ${run_name}. Empty: the automation's name.")
    )
    text = text_fields.TextBlockField()
    with_log = run_log.option()


@registry.register
class NotifyGoogleChat(IntegrationAction):
    """Post a card to one of the team's Google Chat spaces: what happened, why, and a link to it. A thread per run."""

    key = "notify_google_chat"
    label = _("Google Chat")
    order = 4
    Form = NotifyGoogleChatForm
    example = {"integration": "vision team", "title": "${run_name} needs a look", "text": ""}

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        said = message(
            context,
            title=text_fields.filled(self.params["title"], context.variables),
            text=text_fields.filled(self.params["text"], context.variables),
            log=run_log.log_lines(self.params, context),
        )
        body = json.dumps(said, ensure_ascii=False)
        return RenderedPayload(body.encode("utf-8", "replace"), body)
