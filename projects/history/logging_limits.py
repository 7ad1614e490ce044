"""Limits on what a run logs: rows a post, different metrics, length of a name, nesting, bytes of summary and config.

Two ways to meet one. REST and GraphQL refuse the request, which names the field, the value and the remedy. A post to
the file stream is never refused for one: at the first 4xx the wandb SDK gives up the run's stream for good, with all
that would have followed. There the value that is too much is left out, everything else is kept, and the run says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from common.data.fields import json_text
from common.data.validation_errors import quoted, refuse
from projects.history.row_values import HistoryRow

# A character of JSON text takes at most so many bytes.
_BYTES_A_CHARACTER = 4
_OF_THE_SDK = frozenset({"_step", "_timestamp", "_runtime", "_wandb"})
# How long a number and its punctuation may be, for an estimate.
_NUMBER_LENGTH = 28


@dataclass(frozen=True)
class Excess:
    """Something beyond a limit: which part of a post it is of, and what is said of it. `row` counts from 0."""

    part: str
    message: str
    row: int | None = None

    def refuse(self) -> None:
        refuse(self.part if self.row is None else f"{self.part}.{self.row}", self.message)


def check_row_count(count: int) -> None:
    if count > settings.MOST_ROWS:
        refuse("rows", f"{count} rows in one request; send at most {settings.MOST_ROWS} (RUNBELL_MOST_ROWS).")


def check_json(field: str, value: Mapping[str, Any], most_bytes: int, setting: str) -> None:
    """Refuse a config or a summary that is too deep or too large."""
    excess = json_excess(field, value, most_bytes, setting)
    if excess:
        excess.refuse()


def json_excess(field: str, value: Mapping[str, Any], most_bytes: int, setting: str) -> Excess | None:
    """Give what is too much of a config or a summary; None where nothing is."""
    deep = next((key for key, inner in value.items() if _is_too_deep(inner, settings.MOST_NESTING - 1)), None)
    if deep is not None:
        return Excess(field, _too_deep(deep))
    size = len(json_text(value).encode("utf-8", "replace"))
    if size > most_bytes:
        return Excess(
            field, f"{size} bytes; it may have {most_bytes} ({setting}). Log what is large as a file or an artifact."
        )
    return None


def summary_beyond(summary: Mapping[str, Any]) -> Excess | None:
    """Give what is too much of the summary that a client says."""
    return json_excess("summary", summary, settings.SUMMARY_LIMIT, "RUNBELL_SUMMARY_LIMIT_MB")


def summary_excess(summary: Mapping[str, Any]) -> Excess | None:
    """Give what is too much of the last values of all metrics. Measured only where it may be."""
    length = sum(
        len(key) + (len(value) if isinstance(value, str) else _NUMBER_LENGTH) for key, value in summary.items()
    )
    if length * _BYTES_A_CHARACTER <= settings.SUMMARY_LIMIT:
        return None
    return json_excess("summary", summary, settings.SUMMARY_LIMIT, "RUNBELL_SUMMARY_LIMIT_MB")


def fitted(
    rows: Sequence[HistoryRow], known: Mapping[str, Any], *, are_flat: bool
) -> tuple[Sequence[HistoryRow], Excess | None]:
    """Give the rows without what is too much of them, and the first that was; the same rows where nothing is.

    `known` are the metrics that the run has logged, by their names.
    """
    names = set[str]().union(*rows)
    longest = max(map(len, names), default=0)
    if are_flat and longest <= settings.METRIC_NAME_LENGTH and _is_room(known, names):
        return rows, None
    fitting = _Fitting(known)
    kept = [fitting.row(row, number) for number, row in enumerate(rows)]
    return (kept, fitting.first) if fitting.first else (rows, None)


def _is_room(known: Mapping[str, Any], names: set[str]) -> bool:
    # Nearly always the sum says it, which costs nothing.
    most = _most_names(known)
    return len(known) + len(names) <= most or len(known.keys() | names - _OF_THE_SDK) <= most


def _most_names(known: Mapping[str, Any]) -> int:
    """Give how many names the run may have: what the SDK adds to each row counts for nothing."""
    return settings.MOST_METRICS + sum(name in known for name in _OF_THE_SDK)


class _Fitting:
    """Goes through rows, leaves out what is too much, and remembers the first of it."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known, self._new = known, set[str]()
        self._row = 0
        self.first: Excess | None = None

    def row(self, row: HistoryRow, number: int) -> HistoryRow:
        self._row = number
        return dict(self._kept(row, "", settings.MOST_NESTING - 1))

    def _kept(self, values: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, Any]]:
        for key, value in values.items():
            name = before + key
            if len(name) > settings.METRIC_NAME_LENGTH:
                most = f"{settings.METRIC_NAME_LENGTH} (RUNBELL_METRIC_NAME_LENGTH)"
                self._note(f"{quoted(name)} has {len(name)} characters; a name may have {most}. Shorten it.")
            elif isinstance(value, Mapping) and "_type" not in value and depth > 0:
                yield key, dict(self._kept(value, f"{name}.", depth - 1))
            elif _is_too_deep(value, depth):
                self._note(_too_deep(name))
            elif isinstance(value, (list, Mapping)) or self._is_admitted(name):
                yield key, value

    def _is_admitted(self, name: str) -> bool:
        if name in self._known or name in self._new or name in _OF_THE_SDK:
            return True
        if len(self._known) + len(self._new) >= _most_names(self._known):
            self._note(
                f"{quoted(name)} would be one metric more than the {settings.MOST_METRICS} that a run may have "
                "(RUNBELL_MOST_METRICS). Log under names that come again, and put what counts up into a value."
            )
            return False
        self._new.add(name)
        return True

    def _note(self, message: str) -> None:
        self.first = self.first or Excess("rows", message, self._row)


def _too_deep(name: str) -> str:
    most = f"{settings.MOST_NESTING} (RUNBELL_MOST_NESTING)"
    return f"{quoted(name)} holds values in values, more than {most} deep. Log it flatter, or as a file."


def _is_too_deep(value: Any, depth: int) -> bool:
    """Whether there are more layers below this one than that."""
    if not isinstance(value, (list, Mapping)):
        return False
    if depth <= 0:
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    return any(_is_too_deep(one, depth - 1) for one in inner if isinstance(one, (list, Mapping)))
