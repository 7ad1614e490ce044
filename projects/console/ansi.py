"""ANSI escape sequences (SGR colours) in console output: as classes for pages, whose policy allows no inline style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# CSI, a closed OSC (titles, links), DCS and its like, a character set, else the two characters.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)(?P<codes>[0-?]*)[ -/]*(?P<final>[@-~])?|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]?"
)
# What would not be seen, or would let the line be read in another order than it was printed.
_UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_BACKSPACES = re.compile(r"\x08+")
_MOST_CODES = 32
_MARKS = {1: "bold", 2: "dim", 3: "italic", 4: "underlined", 9: "struck"}
_ENDS = {22: ("bold", "dim"), 23: ("italic",), 24: ("underlined",), 29: ("struck",)}


@dataclass(frozen=True)
class _Style:
    """How what follows is shown. Colours are the eight of a terminal; more of them are told by none of these."""

    front: int | None = None
    back: int | None = None
    marks: frozenset[str] = frozenset()

    @property
    def classes(self) -> str:
        # On a background the text takes the colour that can be read there.
        colour = f"ansi-on-{self.back}" if self.back is not None else f"ansi-{self.front}"
        shown = [] if self.back is None and self.front is None else [colour]
        return " ".join([*shown, *(f"ansi-{mark}" for mark in sorted(self.marks))])


def plain(text: str) -> str:
    """Give the text without escape sequences."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPE.sub("", text)
    return _BACKSPACES.sub("", text)


def visible(text: str) -> SafeString:
    """Escape the text for a page, and name the characters in it that nobody would see."""
    return mark_safe(_UNSEEN.sub(_named, escape(text)))


def coloured(text: str) -> SafeString:
    """Write the line for a page, with its colours as classes."""
    return mark_safe("".join(_piece(style, said) for style, said in _pieces(_BACKSPACES.sub("", text))))


def _piece(style: _Style, said: str) -> str:
    classes = style.classes
    return f'<span class="{classes}">{visible(said)}</span>' if classes else visible(said)


def _pieces(text: str) -> Iterator[tuple[_Style, str]]:
    style, at = _Style(), 0
    for found in _ESCAPE.finditer(text):
        if found.start() > at:
            yield style, text[at : found.start()]
        at = found.end()
        if found["final"] == "m":
            style = _after(style, found["codes"])
    if at < len(text):
        yield style, text[at:]


def _after(style: _Style, written: str) -> _Style:
    codes = [int(code[:4]) if code.isdigit() else 0 for code in re.split("[;:]", written)[:_MOST_CODES]]
    place = 0
    while place < len(codes):
        code = codes[place]
        place += 1
        if code in (38, 48):
            colour, used = _of_many(codes[place:])
            style = replace(style, front=colour) if code == 38 else replace(style, back=colour)
            place += used
        else:
            style = _with(style, code)
    return style


def _with(style: _Style, code: int) -> _Style:
    if code == 0:
        return _Style()
    if code in _MARKS:
        return replace(style, marks=style.marks | {_MARKS[code]})
    if code in _ENDS:
        return replace(style, marks=style.marks - set(_ENDS[code]))
    if code == 39 or 30 <= code <= 37 or 90 <= code <= 97:
        return replace(style, front=None if code == 39 else code % 10)
    if code == 49 or 40 <= code <= 47 or 100 <= code <= 107:
        return replace(style, back=None if code == 49 else code % 10)
    return style


def _of_many(codes: list[int]) -> tuple[int | None, int]:
    """Read one of 256 colours, or of all: the nearest of the eight, and how many codes said so."""
    if codes[:1] == [5] and len(codes) > 1:
        return _nearest_of_256(codes[1]), 2
    if codes[:1] == [2] and len(codes) > 3:
        return _nearest(*codes[1:4]), 4
    return None, len(codes)


def _nearest_of_256(code: int) -> int | None:
    if code < 16:
        return code % 8
    if code < 232:
        place = code - 16
        return _nearest(place // 36 * 51, place // 6 % 6 * 51, place % 6 * 51)
    return None


def _nearest(red: int, green: int, blue: int) -> int | None:
    """Give the terminal's colour of this tint; greys are none."""
    strongest, weakest = max(red, green, blue), min(red, green, blue)
    if strongest - weakest < 40:
        return None
    middle = (strongest + weakest) / 2
    return (red > middle) + 2 * (green > middle) + 4 * (blue > middle)


def _named(found: re.Match[str]) -> str:
    return f'<span class="unseen">U+{ord(found[0]):04X}</span>'
