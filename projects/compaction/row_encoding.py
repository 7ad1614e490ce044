"""Row encoding: rows as columns, and back: the same keys in the same order, with the same JSON values."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from common.data.strict_json import parsed
from projects.compaction.column_encoding import decoded_column, encoded_column
from projects.compaction.integer_packing import Packed, deflated, packed_integers, unpacked_integers

# As they are written: none may ever mean another.
_JSON, _COLUMNS = range(2)
# With fewer values in a column than this, columns cost more than they save: one row of 10,000 metrics.
_LEAST_VALUES = 6
Row = Mapping[str, Any]


def encoded_rows(rows: Sequence[Row]) -> Packed:
    shapes: dict[tuple[str, ...], int] = {}
    shape_of_row = [shapes.setdefault(tuple(row), len(shapes)) for row in rows]
    names: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            names.setdefault(name, []).append(value)
    values = sum(map(len, names.values()))
    if values < _LEAST_VALUES * len(names) or sum(map(len, shapes)) * 2 > values:
        return [_JSON, deflated(_text(rows))]
    places = {name: place for place, name in enumerate(names)}
    head = [list(names), [[places[name] for name in shape] for shape in shapes]]
    which = packed_integers(shape_of_row) if len(shapes) > 1 else None
    return [_COLUMNS, len(rows), deflated(_text(head)), which, list(map(encoded_column, names.values()))]


def decoded_rows(encoded: Packed, keys: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Give the rows; with `keys`, only what stands under these, which reads no other column."""
    way, *how = encoded
    if way == _JSON:
        rows: list[dict[str, Any]] = parsed(zlib.decompress(how[0]).decode())
        return rows if keys is None else [{key: row[key] for key in row if key in keys} for row in rows]
    if way != _COLUMNS:
        raise ValueError(f"No rows are written in way {way}.")
    count, head, which, columns = how
    names, shapes = parsed(zlib.decompress(head).decode())
    shape_of_row = [0] * count if which is None else unpacked_integers(which, count)
    wanted = {place for place, name in enumerate(names) if keys is None or name in keys}
    lengths = _lengths(shapes, shape_of_row)
    found = {place: decoded_column(columns[place], lengths[place]) for place in wanted}
    kept = [[place for place in shape if place in wanted] for shape in shapes]
    if which is None:
        return _of_one_shape([names[place] for place in kept[0]], [found[place] for place in kept[0]], count)
    return list(_of_shapes(names, kept, shape_of_row, found))


def _lengths(shapes: Sequence[Sequence[int]], shape_of_row: Sequence[int]) -> dict[int, int]:
    rows_of_shape = [0] * len(shapes)
    for shape in shape_of_row:
        rows_of_shape[shape] += 1
    lengths: dict[int, int] = {}
    for places, rows in zip(shapes, rows_of_shape, strict=True):
        for place in places:
            lengths[place] = lengths.get(place, 0) + rows
    return lengths


def _of_one_shape(names: Sequence[str], columns: Sequence[list[Any]], count: int) -> list[dict[str, Any]]:
    if not columns:
        return [{} for _ in range(count)]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _of_shapes(
    names: Sequence[str],
    shapes: Sequence[Sequence[int]],
    shape_of_row: Sequence[int],
    columns: Mapping[int, Sequence[Any]],
) -> Iterator[dict[str, Any]]:
    going = {place: iter(values) for place, values in columns.items()}
    for shape in shape_of_row:
        yield {names[place]: next(going[place]) for place in shapes[shape]}


def _text(value: Any) -> bytes:
    # Escaped: a half of a surrogate pair has no other way to be written.
    return json.dumps(value, separators=(",", ":")).encode()
