"""Console output (log lines) of runs, stored by line number; the oldest are trimmed. The caller holds the row lock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from django.conf import settings
from django.db.models import QuerySet

from projects.models import OutputChunk, Run

# How much is stored together. Of one run `settings.LOG_LIMIT` characters are kept; the oldest go first.
PIECE = 65_536
_LONGEST_LINE = 16_384
_UNFIT = str.maketrans({"\0": "\N{REPLACEMENT CHARACTER}", "\n": " "})
# What the SDK writes before a line: whether it went to stderr, and when.
STAMP = re.compile(r"(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)(?: |$)")


def store_output(run: Run, offset: int, lines: Sequence[str]) -> None:
    """Store lines of console output. Those that stand there already are written over, as progress bars do."""
    last = run.output.order_by("-offset").first()
    near = [last] if last else []
    if last is not None and offset <= last.offset:
        # Seldom: nearly all lines are new.
        oldest = first_kept_line(run)
        # What is no longer kept does not come back.
        lines, offset = lines[max(0, oldest - offset) :], max(offset, oldest)
        # Also the piece that ends right before: it may have room.
        near = list(_pieces_from(run, max(oldest, offset - 1)))
    if lines:
        stored = [one for one in near if one.offset + one.line_count >= offset]
        start, text = _merged(stored, offset, [cleaned(line) for line in lines])
        OutputChunk.objects.filter(pk__in=[one.pk for one in stored]).delete()
        OutputChunk.objects.bulk_create(_pieces(run, start, text))
        _forget_oldest(run)


def output_lines(run: Run) -> Iterator[str]:
    """Give the lines that are kept, in order."""
    for text in output_pieces(run):
        yield from text.split("\n")


def output_pieces(run: Run) -> Iterator[str]:
    """Give the lines that are kept, many at a time."""
    yield from run.output.order_by("offset").values_list("text", flat=True).iterator(chunk_size=8)


def output_lines_from(run: Run, number: int, count: int) -> list[tuple[int, str]]:
    """Give so many of the lines that are kept, from the line of this number on, each with its number."""
    rows = _pieces_from(run, number).iterator(chunk_size=4)
    found = (one for chunk in rows for one in numbered(chunk) if one[0] >= number)
    return list(islice(found, count))


def last_output_lines(run: Run, count: int, most_pieces: int | None = None) -> list[tuple[int, str]]:
    """Give the newest lines, in order, each with its number; fewer where so many pieces hold no more."""
    found: list[tuple[int, str]] = []
    for chunk in islice(run.output.order_by("-offset").iterator(chunk_size=2), most_pieces):
        if len(found) >= count:
            break
        found = [*numbered(chunk), *found]
    return found[max(0, len(found) - count) :]


def output_line_count(run: Run) -> int:
    """Give how many lines the run has printed, also those that are kept no more."""
    last = run.output.order_by("-offset").values_list("offset", "line_count").first()
    return sum(last) if last else 0


def first_kept_line(run: Run) -> int:
    """Give the number of the oldest line that is kept."""
    return run.output.order_by("offset").values_list("offset", flat=True).first() or 0


def numbered(chunk: OutputChunk) -> Iterator[tuple[int, str]]:
    """Give the lines of a piece, each with its number."""
    return enumerate(chunk.text.split("\n"), chunk.offset)


def _pieces_from(run: Run, number: int) -> QuerySet[OutputChunk]:
    """Give the pieces from the one that holds this line on, by one look into the index."""
    before = run.output.filter(offset__lte=number).order_by("-offset").values_list("offset", flat=True).first()
    return run.output.filter(offset__gte=number if before is None else before).order_by("offset")


def _merged(stored: Sequence[OutputChunk], offset: int, lines: list[str]) -> tuple[int, list[str]]:
    """Give the line number and the lines that take the place of the stored ones."""
    end = offset + len(lines)
    there = [pair for one in stored for pair in numbered(one)]
    before = [line for number, line in there if number < offset]
    after = [line for number, line in there if number >= end]
    return offset - len(before), before + lines + after


def _pieces(run: Run, offset: int, lines: list[str]) -> Iterator[OutputChunk]:
    piece: list[str] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > PIECE:
            yield OutputChunk(run=run, offset=offset, line_count=len(piece), text="\n".join(piece))
            offset, piece, size = offset + len(piece), [], 0
        piece.append(line)
        size += len(line) + 1
    yield OutputChunk(run=run, offset=offset, line_count=len(piece), text="\n".join(piece))


def _forget_oldest(run: Run) -> None:
    most = settings.LOG_LIMIT // PIECE
    beyond = run.output.order_by("-offset").values_list("offset", flat=True)[most : most + 1]
    for offset in list(beyond):
        run.output.filter(offset__lte=offset).delete()


def cleaned(line: str) -> str:
    """Give the line as one line that every database takes. `wandb sync` of 0.25 sends its end, too."""
    line = _last_state(line.removesuffix("\n"))
    if len(line) > _LONGEST_LINE:
        line = line[:_LONGEST_LINE] + "…"
    return line.translate(_UNFIT).encode("utf-8", "replace").decode()


def _last_state(line: str) -> str:
    """Give what a terminal would show of a progress bar, which writes itself anew after each carriage return."""
    if "\r" not in line:
        return line
    stamp = STAMP.match(line)
    said = line[stamp.end() :] if stamp else line
    states = [state for state in said.split("\r") if state.strip()]
    return (stamp[0] if stamp else "") + (states[-1] if states else "")
