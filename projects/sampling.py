"""Read a history at the density a chart or a script needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.numbers import whole
from common.refusals import quoted, refuse
from projects.history import Row, rows_of, value_at
from projects.models import Run, Stream

MOST_SAMPLES = 10_000
# Kept in every sampled row: where on an axis it stands.
_AXES = ("_step", "_timestamp", "_runtime")


@dataclass(frozen=True)
class Wanted:
    """Which part of a history somebody asks for. No keys means all."""

    samples: int = 500
    keys: tuple[str, ...] = ()
    stream: str = Stream.HISTORY

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read an address's query. Raises ValidationError by field."""
        sent = query.get("samples", "500")
        samples = whole(sent, least=1, most=MOST_SAMPLES)
        if samples is None:
            refuse("samples", f"{quoted(sent)} is no number from 1 to {MOST_SAMPLES}.")
        stream = query.get("stream", Stream.HISTORY)
        if stream not in Stream.values:
            refuse("stream", f"{quoted(stream)} is no stream. Choose one of: {', '.join(Stream.values)}.")
        keys = tuple(key.strip() for key in query.get("keys", "").split(",") if key.strip())
        return cls(samples, keys, stream)


def sampled(run: Run, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """Give rows evenly spread over the history, the first and the last among them, and how many there are."""
    total = 0
    rows = []
    for row in rows_of(run, wanted.stream):
        total += 1
        if not wanted.keys or any(value_at(row, key) is not None for key in wanted.keys):
            rows.append(_only(row, wanted.keys))
    return spread(rows, wanted.samples), total


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """Give at most so many of the items, evenly spread, with the first and the last."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[-1]]
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]


def _only(row: Row, keys: tuple[str, ...]) -> dict[str, Any]:
    if not keys:
        return dict(row)
    return {key: value_at(row, key) for key in (*_AXES, *keys) if value_at(row, key) is not None}
