"""What a run prints, kept by the line. The caller holds the run's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from projects.models import OutputChunk, Run

# How much is kept of one run: so many pieces of so many characters. The oldest go first.
MOST_PIECES = 32
_PIECE = 65_536
_LONGEST_LINE = 16_384
_UNFIT = str.maketrans({"\0": "\N{REPLACEMENT CHARACTER}", "\r": "", "\n": " "})


def keep_output(run: Run, offset: int, lines: Sequence[str]) -> None:
    """Keep the lines. Those that stand there already are written over, as progress bars do."""
    there = list(run.output.order_by("offset").only("offset", "line_count"))
    oldest = there[0].offset if there else 0
    # What is no longer kept does not come back.
    lines, offset = lines[max(0, oldest - offset) :], max(offset, oldest)
    touched = [one for one in there if one.offset + one.line_count >= offset]
    if lines:
        stored = list(OutputChunk.objects.filter(pk__in=[one.pk for one in touched]).order_by("offset"))
        start, text = _merged(stored, offset, [_clean(line) for line in lines])
        OutputChunk.objects.filter(pk__in=[one.pk for one in stored]).delete()
        OutputChunk.objects.bulk_create(_pieces(run, start, text))
        _forget_oldest(run)


def output_lines(run: Run) -> Iterator[str]:
    """Give the lines that are kept, in order."""
    for text in run.output.order_by("offset").values_list("text", flat=True):
        yield from text.split("\n")


def output_count(run: Run) -> int:
    """Give how many lines the run has printed, also those that are kept no more."""
    last = run.output.order_by("-offset").values_list("offset", "line_count").first()
    return sum(last) if last else 0


def _merged(stored: Sequence[OutputChunk], offset: int, lines: list[str]) -> tuple[int, list[str]]:
    """Give the line number and the lines that take the place of the stored ones."""
    end = offset + len(lines)
    numbered = [(one.offset + place, line) for one in stored for place, line in enumerate(one.text.split("\n"))]
    before = [line for number, line in numbered if number < offset]
    after = [line for number, line in numbered if number >= end]
    return offset - len(before), before + lines + after


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


def _clean(line: str) -> str:
    """Give the line as one line that every database takes."""
    if len(line) > _LONGEST_LINE:
        line = line[:_LONGEST_LINE] + "…"
    return line.translate(_UNFIT).encode("utf-8", "replace").decode()
