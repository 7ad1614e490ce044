"""Even spread: some of many items, or some rows, for a chart or a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def evenly_spaced(items: Sequence[Any], most: int) -> list[Any]:
    """Give at most so many of the items, evenly spread, with the first and the last."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[-1]]
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]


def spread_lines(rows: Sequence[Mapping[str, Any]], most: int) -> Sequence[int]:
    """Give which rows of a chunk are taken: evenly spread, and as many of those with what not all of these have."""
    if len(rows) <= most:
        return range(len(rows))
    spread_out = evenly_spaced(range(len(rows)), most)
    everywhere = set(rows[0]).intersection(*(rows[line] for line in spread_out))
    rare = [line for line, row in enumerate(rows) if not row.keys() <= everywhere]
    return sorted({*spread_out, *evenly_spaced(rare, most)})
