"""History as Parquet: a line for each row that was logged, with its metrics to be queried, and what makes it again.

`metrics` holds the numbers of the row by their names, `row` all of it as JSON. The first line of a chunk has the
chunk's other values too. pyarrow is read where Parquet is asked for, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from common.data import strict_json

_LINES_AT_ONCE = 5_000


def is_available() -> bool:
    try:
        _pyarrow()
    except ImportError:
        return False
    return True


def write_history(path: Path, chunks: Iterable[tuple[Mapping[str, Any], Mapping[str, str]]]) -> int:
    """Write the chunks with what their run is called; give how many they were."""
    pa, parquet = _pyarrow()
    schema = pa.schema([
        ("project", pa.string()), ("run", pa.string()), ("stream", pa.string()), ("line", pa.int64()),
        ("step", pa.float64()), ("timestamp", pa.float64()), ("metrics", pa.map_(pa.string(), pa.float64())),
        ("row", pa.string()), ("chunk", pa.string()),
    ])  # fmt: skip
    count, waiting = 0, list[dict[str, Any]]()
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for chunk, named in chunks:
            count += 1
            waiting += _parquet_rows(chunk, named)
            if len(waiting) >= _LINES_AT_ONCE:
                writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
    return count


def read_history(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Give the chunks again."""
    _pa, parquet = _pyarrow()
    chunk: dict[str, Any] | None = None
    for batch in parquet.ParquetFile(stream).iter_batches(_LINES_AT_ONCE, columns=["row", "chunk"]):
        for line in batch.to_pylist():
            if line["chunk"] is not None:
                if chunk is not None:
                    yield chunk
                chunk = {**strict_json.read(line["chunk"]), "rows": []}
            if chunk is not None and line["row"] is not None:
                chunk["rows"].append(strict_json.read(line["row"]))
    if chunk is not None:
        yield chunk


def _parquet_rows(chunk: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    rest = json.dumps({name: value for name, value in chunk.items() if name != "rows"})
    for place, row in enumerate(chunk["rows"] or [None]):
        numbers = {name: float(value) for name, value in (row or {}).items() if _is_number(value)}
        yield {
            **named, "stream": chunk["stream"], "line": chunk["offset"] + place, "step": numbers.get("_step"),
            "timestamp": numbers.get("_timestamp"), "metrics": list(numbers.items()),
            "row": None if row is None else json.dumps(row), "chunk": rest if place == 0 else None,
        }  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2.0**1023


def _pyarrow() -> Any:
    return import_module("pyarrow"), import_module("pyarrow.parquet")
