"""Text that knows which of its parts matter: a plain string to everybody, marked where a template writes it."""

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


class Part(NamedTuple):
    kind: str
    text: str


class Phrase(str):
    """Equal to its plain text, which REST, Slack and e-mail send. In an f-string, or joined by `+`, it is plain."""

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    def __new__(cls, parts: Iterable[Part]) -> Phrase:
        kept = tuple(part for part in parts if part.text)
        made = super().__new__(cls, "".join(part.text for part in kept))
        made.parts = kept
        return made

    def __getnewargs__(self) -> tuple[tuple[Part, ...]]:  # type: ignore[override]  # a copy is made of its parts
        return (self.parts,)

    def __html__(self) -> SafeString:
        return format_html_join("", "{}", ((format_html(_WRITTEN[part.kind], part.text),) for part in self.parts))

    def put(self, place: str, phrase: str) -> Phrase:
        """Give it with the phrase where its text says `place`. What people typed is no text, so it keeps the word."""
        found: list[Part] = []
        for part in self.parts:
            pieces = part.text.split(place) if part.kind == _TEXT else [part.text]
            for at, piece in enumerate(pieces):
                found += [*(_parts(phrase) if at else ()), Part(part.kind, piece)]
        return Phrase(found)


def phrase(*said: str) -> Phrase:
    """Say these one after the other: plain text, and parts or phrases."""
    return Phrase(part for one in said for part in _parts(one))


def joined(word: str, said: Iterable[str]) -> Phrase:
    """Say these with the word between them."""
    listed = list(said)
    return phrase(*[piece for one in listed for piece in (word, one)][1:])


def strong(text: object) -> Phrase:
    """What was chosen or typed."""
    return Phrase([Part(_STRONG, str(text))])


def metric(name: object) -> Phrase:
    """The name of a metric: bold, and as it is written in code."""
    return Phrase([Part(_METRIC, str(name))])


def pattern(text: object) -> Phrase:
    """What is written for a machine."""
    return Phrase([Part(_PATTERN, str(text))])


def _parts(said: str) -> tuple[Part, ...]:
    return said.parts if isinstance(said, Phrase) else (Part(_TEXT, str(said)),)
