"""Pages of console output (logs): of bounded size, by line number; and a search that goes back in time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from projects.console import ansi
from projects.console.log_line import SHOWN_CHARACTERS, LogLine
from projects.history.console_output import first_kept_line, numbered, output_line_count, output_lines_from
from projects.models import Run

PAGE_LINES = 500
# A page of very long lines holds fewer of them.
_PAGE_CHARACTERS = 400_000
# The newest lines of a live page may still be written over, as progress bars are.
UNSETTLED = 8
_MOST_HITS = 100
# Pieces of 64 KiB that one search reads; its answer leads on to the ones before.
_MOST_SEARCHED = 160
_LONGEST_WORDS = 200
# What stands around a hit in a long line.
_AROUND = 300


@dataclass(frozen=True)
class LogPage:
    """Lines that follow each other. `first_kept` is the oldest of all that are kept, `count` the end of all."""

    lines: Sequence[LogLine]
    first_kept: int
    count: int

    @property
    def start(self) -> int:
        return self.lines[0].number if self.lines else self.count

    @property
    def end(self) -> int:
        return self.lines[-1].number + 1 if self.lines else self.count

    @property
    def is_newest(self) -> bool:
        return self.end >= self.count

    @property
    def earlier(self) -> int | None:
        """The position for people of the first line of the page before; None on the first page."""
        return max(self.first_kept, self.start - PAGE_LINES) + 1 if self.start > self.first_kept else None

    @property
    def later(self) -> int | None:
        return None if self.is_newest else self.end + 1


@dataclass(frozen=True)
class LogHit:
    line: LogLine
    html: SafeString


@dataclass(frozen=True)
class LogSearch:
    """Hits, the newest first. `before` is where an older part of the log begins that was not searched yet."""

    words: str
    hits: Sequence[LogHit]
    before: int | None


def newest_page(run: Run) -> LogPage:
    """Give the last lines."""
    count = output_line_count(run)
    return page_from(run, max(0, count - PAGE_LINES))


def page_from(run: Run, number: int, *, whole: int | None = None) -> LogPage:
    """Give lines from this one on; the one numbered `whole` is shown whole, however long it is."""
    first, count = first_kept_line(run), output_line_count(run)
    start = min(max(number, first), max(first, count - 1))
    lines = [LogLine(at, stored, is_whole=at == whole) for at, stored in output_lines_from(run, start, PAGE_LINES)]
    room, shown = _PAGE_CHARACTERS, list[LogLine]()
    for line in lines:
        room -= len(line.stored) if line.is_whole else min(len(line.stored), SHOWN_CHARACTERS)
        if room < 0 and shown:
            break
        shown.append(line)
    return LogPage(shown, first, count)


def search(run: Run, words: str, before: int | None = None) -> LogSearch:
    """Search for the words as they stand, whatever their case, in lines before this one, from the newest back."""
    words = words.strip()[:_LONGEST_WORDS]
    pattern = re.compile(re.escape(words), re.IGNORECASE)
    hits: list[LogHit] = []
    pieces = run.output.order_by("-offset")
    if before is not None:
        pieces = pieces.filter(offset__lt=before)
    last = None
    for piece in islice(pieces.iterator(chunk_size=8), _MOST_SEARCHED):
        last = piece.offset
        # Most pieces hold none: they are not taken apart. Colours may stand inside of a word.
        if not pattern.search(piece.text) and not ("\x1b" in piece.text and pattern.search(ansi.plain(piece.text))):
            continue
        for line in _lines_back(list(numbered(piece)), before, pattern):
            found = pattern.search(line.text)
            if found:
                hits.append(LogHit(line, _marked(line.text, found, pattern)))
                if len(hits) == _MOST_HITS:
                    return LogSearch(words, hits, line.number if line.number > first_kept_line(run) else None)
    older = last is not None and last > first_kept_line(run)
    return LogSearch(words, hits, last if older else None)


def _lines_back(lines: Sequence[tuple[int, str]], before: int | None, pattern: re.Pattern[str]) -> Iterator[LogLine]:
    for number, stored in reversed(lines):
        if before is not None and number >= before:
            continue
        # Few lines of a piece have the words: only these are taken apart.
        if "\x1b" in stored or pattern.search(stored):
            yield LogLine(number, stored)


def _marked(text: str, first: re.Match[str], pattern: re.Pattern[str]) -> SafeString:
    """Write what stands around the first hit, with each hit in it marked."""
    start, end = max(0, first.start() - _AROUND), first.end() + _AROUND
    around, at, parts = text[start:end], 0, list[str]()
    for found in pattern.finditer(around):
        if found.end() > found.start():
            parts += [ansi.visible(around[at : found.start()]), format_html("<mark>{}</mark>", ansi.visible(found[0]))]
            at = found.end()
    parts.append(ansi.visible(around[at:]))
    return mark_safe(("…" if start else "") + "".join(parts) + ("…" if end < len(text) else ""))
