"""A batch of rows, as a client posts them from a line number on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from common.data.fields import JSONText, json_text
from projects.history.row_values import HistoryRow

# In pieces of which size rows are kept and judged.
MOST_ROWS_OF_A_CHUNK = 10_000


@dataclass(frozen=True)
class RowBatch:
    """Rows from a client's line number on; `lines` are the same rows as JSON texts, where the client sent such.

    `writer` is the SDK's client id where several processes share the run: each counts its own lines.
    """

    offset: int
    rows: Sequence[HistoryRow]
    lines: Sequence[str] | None = None
    writer: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def end(self) -> int:
        return self.offset + len(self.rows)

    def part(self, start: int, end: int) -> RowBatch:
        """Give the rows between two line numbers."""
        if (start, end) == (self.offset, self.end):
            return self
        here = slice(start - self.offset, end - self.offset)
        return replace(self, offset=start, rows=self.rows[here], lines=self.lines and self.lines[here])

    def pieces(self) -> Iterator[RowBatch]:
        """Give the rows in pieces of a size that is judged well."""
        for start in range(self.offset, self.end, MOST_ROWS_OF_A_CHUNK):
            yield self.part(start, min(start + MOST_ROWS_OF_A_CHUNK, self.end))

    def runs_of(self, places: Sequence[int]) -> Iterator[RowBatch]:
        """Give the rows at these places, which rise: a batch for those that follow each other."""
        first = 0
        for number, place in enumerate(places):
            if number + 1 == len(places) or places[number + 1] != place + 1:
                yield self.part(self.offset + places[first], self.offset + place + 1)
                first = number + 1

    def shifted(self, by: int) -> RowBatch:
        return replace(self, offset=self.offset + by) if by else self

    def text(self) -> JSONText:
        if self.lines is None:
            return json_text(list(self.rows))
        return JSONText(f"[{','.join(self.lines)}]")
