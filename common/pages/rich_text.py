"""Rich text: knows which of its parts matter; a plain string to everybody, marked where a template writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Text between the parts, and what kinds of parts there are. What is written is escaped in each.
_TEXT, _STRONG, _METRIC, _PATTERN = "text", "strong", "metric", "pattern"
_WRITTEN = {
    _TEXT: "{}",
    _STRONG: "<strong>{}</strong>",
    _METRIC: "<strong><code>{}</code></strong>",
    _PATTERN: "<code>{}</code>",
}


class RichTextPart(NamedTuple):
    kind: str
    text: str


class RichText(str):
    """Equal to its plain text, which REST and messages send. In an f-string, or joined by `+`, it is plain."""

    __slots__ = ("parts",)
    parts: tuple[RichTextPart, ...]

    def __new__(cls, parts: Iterable[RichTextPart]) -> RichText:
        kept = tuple(part for part in parts if part.text)
        made = super().__new__(cls, "".join(part.text for part in kept))
        made.parts = kept
        return made

    def __getnewargs__(self) -> tuple[tuple[RichTextPart, ...]]:  # type: ignore[override]  # a copy is made of its parts
        return (self.parts,)

    def __html__(self) -> SafeString:
        return format_html_join("", "{}", ((format_html(_WRITTEN[part.kind], part.text),) for part in self.parts))

    def put(self, place: str, clause: str) -> RichText:
        """Give it with the clause where its text says `place`. What people typed is no text, so it keeps the word."""
        found: list[RichTextPart] = []
        for part in self.parts:
            pieces = part.text.split(place) if part.kind == _TEXT else [part.text]
            for at, piece in enumerate(pieces):
                found += [*(_parts(clause) if at else ()), RichTextPart(part.kind, piece)]
        return RichText(found)


def rich_text(*said: str) -> RichText:
    """Say these one after the other: plain text, and rich text."""
    return RichText(part for one in said for part in _parts(one))


def joined(word: str, said: Iterable[str]) -> RichText:
    """Say these with the word between them."""
    listed = list(said)
    return rich_text(*[piece for one in listed for piece in (word, one)][1:])


def strong(text: object) -> RichText:
    """What was chosen or typed."""
    return RichText([RichTextPart(_STRONG, str(text))])


def metric(name: object) -> RichText:
    """The name of a metric: bold, and as it is written in code."""
    return RichText([RichTextPart(_METRIC, str(name))])


def pattern(text: object) -> RichText:
    """What is written for a machine."""
    return RichText([RichTextPart(_PATTERN, str(text))])


def _parts(said: str) -> tuple[RichTextPart, ...]:
    return said.parts if isinstance(said, RichText) else (RichTextPart(_TEXT, str(said)),)
