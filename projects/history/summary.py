"""The summary of a run: the last value of each metric, updated with each batch of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projects.history.row_values import HistoryRow, newest_values, number


def update_summary(summary: dict[str, Any], rows: Sequence[HistoryRow], text: str) -> None:
    """Put the last value of everything that was logged over what is known.

    What is no number leaves a number: so `value_at` finds in the summary the last number that was logged.
    """
    if is_flat(text, len(rows)):
        _update_flat(summary, rows)
        return
    for row in rows:
        _merge(summary, row)


def is_flat(text: str, row_count: int) -> bool:
    """Whether the text of so many rows holds neither lists nor objects inside of these."""
    return text.count("{") == row_count and text.count("[") == 1


def _update_flat(summary: dict[str, Any], rows: Sequence[HistoryRow]) -> None:
    """The same for rows that hold no lists and no objects: a row at a time is too slow for thousands of them."""
    newest: dict[str, Any] = {}
    for row in rows:
        newest.update(row)
    for key, value in newest.items():
        if number(value) is None:
            last = newest_values([{key: row.get(key)} for row in rows], key, 1)
            value = last[0] if last else value
        if number(value) is not None or number(summary.get(key)) is None:
            summary[key] = value


def _merge(summary: dict[str, Any], row: HistoryRow, prefix: str = "") -> None:
    """Put the row's values over those that are known, {"val": {"loss": 1}} as val.loss; no lists and no media."""
    for key, value in row.items():
        # What stands under its whole name comes last, and so wins as in `value_at`.
        if isinstance(value, Mapping) and "_type" not in value:
            _merge(summary, value, f"{prefix}{key}.")
    for key, value in row.items():
        if isinstance(value, (list, Mapping)):
            continue
        name = prefix + key
        if number(value) is not None or number(summary.get(name)) is None:
            summary[name] = value
