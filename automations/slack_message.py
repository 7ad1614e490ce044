"""The message about what happened, in Slack's Block Kit."""

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

from automations import told
from automations.action import Occasion
from automations.slack_text import escaped, line, link

# Slack's limits, in characters of what is sent.
HEADER, SECTION, FIELD, TEXT = 150, 3000, 2000, 40_000
# Of our own: what is above is cut, and can be read in full on our page.
_LABEL, _SUMMARY, _ROOM = 300, 1000, 50
COLOURS = {"INFO": "#2f6fdb", "WARN": "#c98500", "ERROR": "#c62f2f"}
RECOVERED = "#2e8b57"


def message(occasion: Occasion, *, title: str, text: str, severity: str) -> dict[str, Any]:
    """Give what chat.postMessage and an incoming webhook take, but the channel.

    `text` above is what notifications show; the coloured part below holds the rest.
    """
    colour = RECOVERED if told.has_recovered(occasion) else COLOURS[severity]
    summary = _summary(occasion, severity)
    blocks = list(_blocks(occasion, title=title, text=text, severity=severity))
    coloured = BlockAttachment(blocks=blocks, color=colour, fallback=summary)
    return {"text": summary, "attachments": [coloured.to_dict()]}


def _summary(occasion: Occasion, severity: str) -> str:
    """Say what happened in one line."""
    status = _("Recovered") if told.has_recovered(occasion) else severity
    said = [line(f"{status}: {told.event_label(occasion)}", _LABEL)]
    if occasion.subject:
        said.append(link(occasion.url, occasion.subject, _SUMMARY))
    return " · ".join(said)


def _blocks(occasion: Occasion, *, title: str, text: str, severity: str) -> Iterator[Block]:
    headline = line(title.strip() or told.headline(occasion), HEADER)
    if headline:
        yield HeaderBlock(text=PlainTextObject(text=headline, emoji=False))
    words = text.strip() or told.words(occasion).strip()
    if words:
        yield _section(escaped(words, SECTION))
    yield SectionBlock(fields=[_mrkdwn(field) for field in _fields(occasion, severity)])
    why = told.why(occasion)
    if why:
        yield _section(f"*{_('Why')}*\n" + escaped(why, SECTION - _ROOM))
    yield ContextBlock(elements=[_mrkdwn(part) for part in _footer(occasion)])


def _fields(occasion: Occasion, severity: str) -> Iterator[str]:
    yield f"*{_('Severity')}*\n{severity}"
    for fact in told.facts(occasion):
        yield f"*{line(fact.label, _LABEL)}*\n" + link(fact.url, fact.text, FIELD - _LABEL - _ROOM)


def _footer(occasion: Occasion) -> Iterator[str]:
    yield link(occasion.history_url, f"{_name(occasion)} · Runbell", _LABEL)
    if told.when(occasion):
        yield line(told.when(occasion), _LABEL)


def _name(occasion: Occasion) -> str:
    return str(occasion.variables.get("automation_name") or "")


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=_mrkdwn(text))


def _mrkdwn(text: str) -> MarkdownTextObject:
    # Verbatim: else Slack would make links and mentions of plain words such as @channel.
    return MarkdownTextObject(text=text, verbatim=True)
