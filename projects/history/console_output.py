"""Console output (log lines) of runs, stored by line number; the oldest are trimmed. The caller holds the row lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from django.db.models import F

from projects.models import OutputChunk, Run

# How much is kept of one run: so many pieces of so many characters. The oldest go first.
MOST_PIECES = 32
_PIECE = 65_536
_LONGEST_LINE = 16_384
_UNFIT = str.maketrans({"\0": "\N{REPLACEMENT CHARACTER}", "\r": "", "\n": " "})


def store_output(run: Run, offset: int, lines: Sequence[str]) -> None:
    """Store lines of console output. Those that stand there already are written over, as progress bars do."""
    there = list(run.output.order_by("offset").only("offset", "line_count"))
    oldest = there[0].offset if there else 0
    # What is no longer kept does not come back.
    lines, offset = lines[max(0, oldest - offset) :], max(offset, oldest)
    touched = [one for one in there if one.offset + one.line_count >= offset]
    if lines:
        stored = list(OutputChunk.objects.filter(pk__in=[one.pk for one in touched]).order_by("offset"))
        start, text = _merged(stored, offset, [cleaned(line) for line in lines])
        OutputChunk.objects.filter(pk__in=[one.pk for one in stored]).delete()
        OutputChunk.objects.bulk_create(_pieces(run, start, text))
        _forget_oldest(run)


def output_lines(run: Run) -> Iterator[str]:
    """Give the lines that are kept, in order."""
    for text in run.output.order_by("offset").values_list("text", flat=True):
        yield from text.split("\n")


def output_lines_from(run: Run, number: int, count: int) -> list[tuple[int, str]]:
    """Give so many of the lines that are kept, from the line of this number on, each with its number."""
    rows = run.output.annotate(end=F("offset") + F("line_count")).filter(end__gt=number).order_by("offset")
    found = (one for chunk in rows.iterator(chunk_size=4) for one in _numbered(chunk) if one[0] >= number)
    return list(islice(found, count))


def last_output_lines(run: Run, count: int) -> list[tuple[int, str]]:
    """Give the newest lines, in order, each with its number."""
    found: list[tuple[int, str]] = []
    for chunk in run.output.order_by("-offset").iterator(chunk_size=4):
        if len(found) >= count:
            break
        found = [*_numbered(chunk), *found]
    return found[max(0, len(found) - count) :]


def output_line_count(run: Run) -> int:
    """Give how many lines the run has printed, also those that are kept no more."""
    last = run.output.order_by("-offset").values_list("offset", "line_count").first()
    return sum(last) if last else 0


def _merged(stored: Sequence[OutputChunk], offset: int, lines: list[str]) -> tuple[int, list[str]]:
    """Give the line number and the lines that take the place of the stored ones."""
    end = offset + len(lines)
    numbered = [pair for one in stored for pair in _numbered(one)]
    before = [line for number, line in numbered if number < offset]
    after = [line for number, line in numbered if number >= end]
    return offset - len(before), before + lines + after


def _numbered(chunk: OutputChunk) -> Iterator[tuple[int, str]]:
    return enumerate(chunk.text.split("\n"), chunk.offset)


def _pieces(run: Run, offset: int, lines: list[str]) -> Iterator[OutputChunk]:
    piece: list[str] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > _PIECE:
            yield OutputChunk(run=run, offset=offset, line_count=len(piece), text="\n".join(piece))
            offset, piece, size = offset + len(piece), [], 0
        piece.append(line)
        size += len(line) + 1
    yield OutputChunk(run=run, offset=offset, line_count=len(piece), text="\n".join(piece))


def _forget_oldest(run: Run) -> None:
    kept = list(run.output.order_by("-offset").values_list("pk", flat=True)[: MOST_PIECES + 1])
    if len(kept) > MOST_PIECES:
        run.output.exclude(pk__in=kept[:MOST_PIECES]).delete()


def cleaned(line: str) -> str:
    """Give the line as one line that every database takes. `wandb sync` of 0.25 sends its end, too."""
    line = line.removesuffix("\n")
    if len(line) > _LONGEST_LINE:
        line = line[:_LONGEST_LINE] + "…"
    return line.translate(_UNFIT).encode("utf-8", "replace").decode()
