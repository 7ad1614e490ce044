"""The card (cards v2) that Google Chat gets: what happened, why, and a link."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from automations.messages import message_content
from automations.messages.context import MessageContext

# Of our own: what is above is cut, and can be read in full on our page.
_TEXT, _LINE = 3000, 300


def message(context: MessageContext, *, title: str, text: str, log: str = "") -> dict[str, Any]:
    """Give what spaces.messages.create takes."""
    happened = message_content.event_label(context)
    status = _("Recovered: %s") % happened if message_content.has_recovered(context) else happened
    header = {
        "title": (title.strip() or message_content.headline(context))[:_LINE] or "Runbell",
        "subtitle": status[:_LINE],
    }
    card = {"header": header, "sections": [{"widgets": list(_widgets(context, text, log))}]}
    return {
        # What a notification shows. Plain text, where `<` begins a link or a mention.
        "fallbackText": f"{status} {context.subject}".strip()[:_LINE],
        "cardsV2": [{"cardId": "runbell", "card": card}],
        "thread": {"threadKey": thread_key(context)},
    }


def thread_key(context: MessageContext) -> str:
    """Name the thread of this automation and run: the same for each message about both."""
    about = f"{context.variables.get('automation_name')}\n{context.url}"
    return f"runbell-{hashlib.sha256(about.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _widgets(context: MessageContext, text: str, log: str) -> Iterator[dict[str, Any]]:
    words = text.strip() or message_content.words(context).strip()
    if words:
        yield _paragraph(words)
    for fact in message_content.facts(context):
        yield {"decoratedText": {"topLabel": str(fact.label)[:_LINE], "text": _linked(fact), "wrapText": True}}
    why = message_content.why(context)
    if why:
        yield _paragraph(f"{_('Why')}: {why}")
    if log:
        yield _paragraph(log)
    if context.history_url:
        button = {"text": _("History"), "onClick": {"openLink": {"url": context.history_url}}}
        yield {"buttonList": {"buttons": [button]}}


def _paragraph(text: str) -> dict[str, Any]:
    return {"textParagraph": {"text": escape(text[:_TEXT], quote=False)}}


def _linked(fact: message_content.MessageFact) -> str:
    said = escape(fact.text[:_LINE], quote=False)
    return f'<a href="{escape(fact.url)}">{said}</a>' if fact.url.startswith(("http://", "https://")) else said
