"""Find a secret in what a receiver said, however it was written: plain, escaped, in hexadecimal, in base64, in part.

Looked for are pieces of it, so that one which is cut off, wrapped or put into something larger is found too. A text is
read as it stands, and with its escapes undone; in each reading also as hexadecimal, as numbers and as base64.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]

# Under this a secret cannot be told from other text: `masking` keeps nothing of what may hold it.
SHORTEST = 8
_LONGEST_PIECE = 12
# Escapes in escapes: JSON in JSON, in a URL.
_MOST_LAYERS = 3
_SPACE = re.compile(r"[\s+]")
_ESCAPE = re.compile(
    r"\\+u\{?(?P<u>[0-9a-f]{4,6})\}?|\\+x(?P<x>[0-9a-f]{2})|(?P<percent>(?:%[0-9a-f]{2})+)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|\w{2,31});)|\\+(?P<short>[nrtbf\"'/\\])",
    re.IGNORECASE,
)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}")
_STANDARD = str.maketrans("-_", "+/")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9a-f]{2}[\s:,.-]{0,3}){8,}", re.IGNORECASE)
_HEX_DIGIT = re.compile(r"(?:0x|\\x)|([0-9a-f])", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:\d{1,3}[\s,;]{1,3}){7,}\d{1,3}")


@dataclass(frozen=True)
class _Pieces:
    """All pieces of a secret, of one length each: of its text, and of its bytes."""

    length: int
    texts: frozenset[str]
    size: int
    bytes: frozenset[bytes]


@dataclass(frozen=True)
class _View:
    """A reading of a text. The character at `n` was written from `starts[n]` to `ends[n]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def spans(self, places: Iterator[Span]) -> Iterator[Span]:
        for start, end in places:
            yield self.starts[start], self.ends[end - 1]


def is_findable(secret: str) -> bool:
    return len(_tight(secret)) >= SHORTEST


def find(text: str, secret: str) -> list[Span]:
    """Give where in the text the secret, or a piece of it, is written; in order and without overlaps."""
    pieces = _pieces_of(secret)
    found: list[Span] = []
    for view in _readings(text):
        found += view.spans(_in_text(view, pieces))
        for decoded in (_in_hex, _in_numbers, _in_base64):
            found += view.spans(decoded(view.text, pieces))
    return _merged(found)


def _tight(text: str) -> str:
    """Give the text as pieces of it are compared: whatever its case, and however it was wrapped."""
    return _SPACE.sub("", text).casefold()


@lru_cache(maxsize=64)
def _pieces_of(secret: str) -> _Pieces:
    text, raw = _tight(secret), [secret.encode(), secret.encode("utf-16-le")]
    length = max(SHORTEST, min(_LONGEST_PIECE, len(text) // 2))
    both = (text, text[::-1])
    texts = frozenset(one[at : at + length] for one in both for at in range(len(one) - length + 1))
    size = max(6, min(_LONGEST_PIECE, len(raw[0]) // 2))
    return _Pieces(
        length, texts, size, frozenset(one[at : at + size] for one in raw for at in range(len(one) - size + 1))
    )


def _readings(text: str) -> Iterator[_View]:
    view = _View(text, range(len(text)), range(1, len(text) + 1))
    yield view
    for _ in range(_MOST_LAYERS):
        if not _ESCAPE.search(view.text):
            return
        view = _unescaped(view)
        yield view


def _unescaped(view: _View) -> _View:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(written: str, begin: int, end: int) -> None:
        characters.append(written)
        starts.extend([view.starts[begin]] * len(written))
        ends.extend([view.ends[end - 1]] * len(written))

    at = 0
    for escape in _ESCAPE.finditer(view.text):
        _copy(view, at, escape.start(), characters, starts, ends)
        put(_character(escape), escape.start(), escape.end())
        at = escape.end()
    _copy(view, at, len(view.text), characters, starts, ends)
    return _with_pairs(_View("".join(characters), starts, ends))


def _copy(view: _View, begin: int, end: int, characters: list[str], starts: list[int], ends: list[int]) -> None:
    characters.append(view.text[begin:end])
    starts.extend(view.starts[begin:end])
    ends.extend(view.ends[begin:end])


def _character(escape: re.Match[str]) -> str:
    if code := escape["u"] or escape["x"]:
        return chr(min(int(code, 16), 0x10FFFF))
    if escape["percent"]:
        return bytes.fromhex(escape["percent"].replace("%", "")).decode("utf-8", "replace")
    if escape["entity"]:
        return html.unescape(escape["entity"])
    return _SHORT.get(escape["short"].lower(), escape["short"])


def _with_pairs(view: _View) -> _View:
    r"""Put the halves of surrogate pairs together: `\ud83d\ude00` is one character."""
    if not re.search("[\ud800-\udbff][\udc00-\udfff]", view.text):
        return view
    text, starts, ends, at = "", [], [], 0
    while at < len(view.text):
        pair = view.text[at : at + 2]
        whole = pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        step = 2 if len(pair) == 2 and len(whole) == 1 else 1
        text += whole if step == 2 else view.text[at]
        starts.append(view.starts[at])
        ends.append(view.ends[at + step - 1])
        at += step
    return _View(text, starts, ends)


def _in_text(view: _View, pieces: _Pieces) -> Iterator[Span]:
    """Look for pieces of the text, whatever the case of letters and wherever spaces stand."""
    tight, length = _tight(view.text), pieces.length
    windows = [tight[at : at + length] for at in range(len(tight) - length + 1)]
    if pieces.texts.isdisjoint(windows):
        return
    # Where each came from is asked for rarely, and a letter may have become two.
    kept = [(at, one) for at, one in enumerate(view.text) if not _SPACE.match(one)]
    places = [at for at, one in kept for _ in one.casefold()]
    for at, window in enumerate(windows):
        if window in pieces.texts:
            yield places[at], places[at + length - 1] + 1


def _in_hex(text: str, pieces: _Pieces) -> Iterator[Span]:
    for run in _HEX.finditer(text):
        digits = [digit for digit in _HEX_DIGIT.finditer(run[0]) if digit[1]]
        for shift in (0, 1):
            used = digits[shift : shift + (len(digits) - shift) // 2 * 2]
            raw = bytes.fromhex("".join(digit[1] for digit in used))
            for start, end in _in_bytes(raw, pieces):
                yield run.start() + used[2 * start].start(), run.start() + used[2 * end - 1].end()


def _in_numbers(text: str, pieces: _Pieces) -> Iterator[Span]:
    """Look into lists of bytes: `[115, 51, 99]`."""
    for run in _NUMBERS.finditer(text):
        numbers = list(re.finditer(r"\d+", run[0]))
        raw = bytes(min(int(number[0]), 255) for number in numbers)
        for start, end in _in_bytes(raw, pieces):
            yield run.start() + numbers[start].start(), run.start() + numbers[end - 1].end()


def _in_base64(text: str, pieces: _Pieces) -> Iterator[Span]:
    """Look into base64 at each of its alignments: it may be part of something larger, and wrapped."""
    tight = "".join(text.split())
    places: list[int] = []
    for run in _BASE64.finditer(tight):
        for shift in range(4):
            letters = run[0][shift:].translate(_STANDARD)
            # A last group of one letter holds no byte.
            letters = letters[:-1] if len(letters) % 4 == 1 else letters
            raw = base64.b64decode(letters + "=" * (-len(letters) % 4))
            for start, end in _in_bytes(raw, pieces):
                places = places or [at for at, one in enumerate(text) if not one.isspace()]
                first = run.start() + shift + start * 4 // 3
                last = min(run.start() + shift + -(-end * 4 // 3), run.end()) - 1
                yield places[first], _with_padding(text, places[last] + 1)


def _with_padding(text: str, end: int) -> int:
    while end < len(text) and text[end] == "=":
        end += 1
    return end


def _in_bytes(raw: bytes, pieces: _Pieces) -> Iterator[Span]:
    windows = [raw[at : at + pieces.size] for at in range(len(raw) - pieces.size + 1)]
    if pieces.bytes.isdisjoint(windows):
        return
    for at, window in enumerate(windows):
        if window in pieces.bytes:
            yield at, at + pieces.size


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
