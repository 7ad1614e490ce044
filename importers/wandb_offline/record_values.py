"""Values in the records of the wandb SDK: items with a key and JSON, times, and the records of a file themselves.

The numbers of fields, here and beside, are those of the SDK's own `wandb_internal.proto`; they never change there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from common.data.strict_json import parsed, repaired
from importers.imported_run import UnreadableSource
from importers.wandb_offline.log_file import read_records
from importers.wandb_offline.wire_format import DamagedMessage, Message

# What a record is, by the one field that it has.
HISTORY, SUMMARY, CONFIG, STATS, ARTIFACT, ALERT, TELEMETRY, OUTPUT, RUN, EXIT, PREEMPTING, USE, ENVIRONMENT = (
    2, 3, 5, 7, 8, 10, 11, 13, 17, 18, 23, 25, 26,
)  # fmt: skip


def records_of(file: Path) -> Iterator[tuple[int, Message]]:
    """Give each record with what it is. Raises UnreadableSource where one is damaged."""
    for data in read_records(file):
        try:
            record = Message(data)
            kind = next((kind for kind in record.numbers() if kind in _KINDS), None)
        except DamagedMessage as error:
            raise UnreadableSource(f"{file} holds a record that is damaged: {error}. Copy it anew.") from None
        if kind is not None:
            yield kind, record.message(kind)


_KINDS = frozenset(
    (HISTORY, SUMMARY, CONFIG, STATS, ARTIFACT, ALERT, TELEMETRY, OUTPUT, RUN, EXIT, PREEMPTING, USE, ENVIRONMENT)
)


def put_items(into: dict[str, Any], items: Sequence[Message]) -> None:
    """Put the items where their keys lead."""
    for item in items:
        *outer, last = _path(item)
        inner = into
        for part in outer:
            if not isinstance(inner.get(part), dict):
                inner[part] = {}
            inner = inner[part]
        inner[last] = json_value(item.text(16))


def remove_items(of: dict[str, Any], items: Sequence[Message]) -> None:
    for item in items:
        *outer, last = _path(item)
        inner: Any = of
        for part in outer:
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(last, None)


def _path(item: Message) -> list[str]:
    """Give the key, or the nested key, which is a path."""
    return item.all_texts(2) or [item.text(1)]


def seconds_of(timestamp: Message) -> float:
    return timestamp.integer(1) + timestamp.integer(2) / 1e9


def nanoseconds_of(timestamp: Message) -> int:
    return timestamp.integer(1) * 10**9 + timestamp.integer(2)


def json_value(text: str) -> Any:
    """Give the value; a text that is no JSON stays a text."""
    try:
        return repaired(parsed(text))
    except (ValueError, RecursionError):
        return text
