"""The Block Kit message that Slack gets: what happened, why, and a link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from automations.messages import message_content
from automations.messages.context import MessageContext
from integrations.slack.text import escaped, line, link

# Slack's limits, in characters of what is sent.
HEADER, SECTION, FIELD, TEXT = 150, 3000, 2000, 40_000
# Of our own: what is above is cut, and can be read in full on our page.
_LABEL, _SUMMARY, _ROOM = 300, 1000, 50
COLOURS = {"INFO": "#2f6fdb", "WARN": "#c98500", "ERROR": "#c62f2f"}
RECOVERED = "#2e8b57"


def message(context: MessageContext, *, title: str, text: str, severity: str, log: str = "") -> dict[str, Any]:
    """Give what chat.postMessage and an incoming webhook take, but the channel.

    `text` above is what notifications show; the coloured part below holds the rest.
    """
    colour = RECOVERED if message_content.has_recovered(context) else COLOURS[severity]
    summary = _summary(context, severity)
    blocks = list(_blocks(context, title=title, text=text, severity=severity, log=log))
    coloured = BlockAttachment(blocks=blocks, color=colour, fallback=summary)
    return {"text": summary, "attachments": [coloured.to_dict()]}


def _summary(context: MessageContext, severity: str) -> str:
    """Say what happened in one line."""
    status = _("Recovered") if message_content.has_recovered(context) else severity
    said = [line(f"{status}: {message_content.event_label(context)}", _LABEL)]
    if context.subject:
        said.append(link(context.url, context.subject, _SUMMARY))
    return " · ".join(said)


def _blocks(context: MessageContext, *, title: str, text: str, severity: str, log: str) -> Iterator[Block]:
    headline = line(title.strip() or message_content.headline(context), HEADER)
    if headline:
        yield HeaderBlock(text=PlainTextObject(text=headline, emoji=False))
    words = text.strip() or message_content.words(context).strip()
    if words:
        yield _section(escaped(words, SECTION))
    yield SectionBlock(fields=[_mrkdwn(field) for field in _fields(context, severity)])
    why = message_content.why(context)
    if why:
        yield _section(f"*{_('Why')}*\n" + escaped(why, SECTION - _ROOM))
    if log:
        # Three of these would end the block.
        lines = escaped(log.replace("`" * 3, "'" * 3), SECTION - _ROOM)
        yield _section(f"```\n{lines}\n```")
    yield ContextBlock(elements=[_mrkdwn(part) for part in _footer(context)])


def _fields(context: MessageContext, severity: str) -> Iterator[str]:
    yield f"*{_('Severity')}*\n{severity}"
    for fact in message_content.facts(context):
        yield f"*{line(fact.label, _LABEL)}*\n" + link(fact.url, fact.text, FIELD - _LABEL - _ROOM)


def _footer(context: MessageContext) -> Iterator[str]:
    yield link(context.history_url, f"{_name(context)} · Runbell", _LABEL)
    if message_content.when(context):
        yield line(message_content.when(context), _LABEL)


def _name(context: MessageContext) -> str:
    return str(context.variables.get("automation_name") or "")


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=_mrkdwn(text))


def _mrkdwn(text: str) -> MarkdownTextObject:
    # Verbatim: else Slack would make links and mentions of plain words such as @channel.
    return MarkdownTextObject(text=text, verbatim=True)
