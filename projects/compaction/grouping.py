"""Grouping: which history chunks become one. Pure: it asks no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

# A chunk of more rows is read more slowly where few of them are wanted; of fewer, it takes more room for each.
MOST_ROWS = 2048
_MOST_TEXT = 4 * 2**20
# Alone, a smaller one stays as it is: as columns it would be no smaller.
_LEAST_TEXT = 1024


@dataclass(frozen=True)
class ChunkFacts:
    """What is asked of a chunk before its rows are read. `text` is the size of its rows as text, or about that."""

    pk: int
    offset: int
    position: int
    row_count: int
    writer: str | None
    sent_offset: int | None
    is_copy: bool | None
    has_range: bool
    created_at: datetime
    is_packed: bool
    text: int

    @property
    def is_small(self) -> bool:
        """Whether it is to be merged with what follows, though it is compacted."""
        return self.row_count * 2 < MOST_ROWS and self.text * 2 < _MOST_TEXT


def groups(chunks: Iterable[ChunkFacts]) -> Iterator[list[ChunkFacts]]:
    """Give those that are worth to be merged, of chunks in the order in which they came."""
    group: list[ChunkFacts] = []
    for chunk in chunks:
        if group and not (_follows(group[-1], chunk) and _is_room(group, chunk)):
            if _is_worth_it(group):
                yield group
            group = []
        if chunk.has_range and (chunk.is_small or not chunk.is_packed):
            group.append(chunk)
    if _is_worth_it(group):
        yield group


def _follows(one: ChunkFacts, other: ChunkFacts) -> bool:
    """Whether their ids, moments, lines and positions go on, and both are of one writer: so each can be told again."""
    sent = None if one.sent_offset is None else one.sent_offset + one.row_count
    goes_on = (one.offset + one.row_count, one.position + one.row_count, sent)
    return (
        goes_on == (other.offset, other.position, other.sent_offset)
        and (one.writer, one.is_copy) == (other.writer, other.is_copy)
        and one.pk < other.pk
        and one.created_at <= other.created_at
        and other.has_range
    )


def _is_room(group: list[ChunkFacts], chunk: ChunkFacts) -> bool:
    rows, text = sum(one.row_count for one in group), sum(one.text for one in group)
    return rows + chunk.row_count <= MOST_ROWS and text + chunk.text <= _MOST_TEXT


def _is_worth_it(group: list[ChunkFacts]) -> bool:
    return len(group) > 1 or any(not one.is_packed and one.text >= _LEAST_TEXT for one in group)
