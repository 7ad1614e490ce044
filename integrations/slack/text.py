"""Escaping and truncation of text for Slack (mrkdwn): no mention, no link, no length that Slack would refuse."""

from __future__ import annotations

import re

# Slack's three control characters. Everything that is a mention or a link in Slack begins with `<`.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_BREAKS = re.compile(r"\s+")
_MORE = "…"


def escaped(text: str, limit: int) -> str:
    """Give the text as Slack shows it literally, in at most `limit` characters of what is sent.

    Slack may count as JavaScript does, where a character such as an emoji is two; so it is two here.
    """
    pieces, size = [], 0
    for sign in _CONTROLS.sub(" ", text):
        piece = _ESCAPES.get(sign, sign)
        size += len(piece) + (sign > "\uffff")
        pieces.append(piece)
        if size > limit:
            return _cut(pieces, limit)
    return "".join(pieces)


def line(text: str, limit: int) -> str:
    """As `escaped`, on one line."""
    return escaped(_BREAKS.sub(" ", text).strip(), limit)


def link(url: str, label: str, limit: int) -> str:
    """Give a link to a page of ours; its label is text of others."""
    address = escaped(url, limit)
    said = line(label.replace("|", "¦"), max(limit - len(address) - 3, 0))
    if not said or not url.startswith(("http://", "https://")) or any(sign in url for sign in "<>| "):
        return line(label, limit)
    return f"<{address}|{said}>"


def _cut(pieces: list[str], limit: int) -> str:
    """Leave out from the end, whole characters and their escapes, until an ellipsis fits."""
    sizes = [len(piece) + (piece > "\uffff" and len(piece) == 1) for piece in pieces]
    size = sum(sizes)
    while pieces and size > limit - len(_MORE):
        pieces.pop()
        size -= sizes.pop()
    return "".join(pieces) + _MORE if limit >= len(_MORE) else ""
