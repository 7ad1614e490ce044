"""Shapes of what archives hold as JSON, by model and field: what pages and services take for granted once it is stored.

An archive comes from anybody. A field without its shape here is refused, so that one that is added is not forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, TypedDict

import msgspec
from django.conf import settings
from django.db.models import Model

from artifacts.name_rules import check_metadata
from common.data import names
from common.data.fields import JSONTextField
from common.data.validation_errors import refuse
from projects.history.logging_limits import check_json
from projects.history.row_tombstone import RowTombstone
from projects.models import Stream

# Up to which lines and positions count: as REST takes them, so that what is added to one is still a number.
MOST_LINES = 2**62
_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_LINES)]
_Object = dict[str, Any]
_Plain = str | int | float | bool | None


class _LeftOut(TypedDict):
    posts: _Count
    message: str


class _LineBases(TypedDict, total=False):
    history: _Count
    system: _Count
    output: _Count
    earlier_output: list[_Count]


class _Writer(TypedDict, total=False):
    primary: bool
    lines: _Count


class _Branch(TypedDict):
    kind: str
    run: str
    step: float
    rows: _Count


class _Thinned(TypedDict):
    position: int
    at: str
    is_all: bool


class _Condition(TypedDict):
    type: str


class _Telemetry(TypedDict, total=False):
    e: _Object


def _branch(value: Any) -> None:
    # Empty, or all of it.
    if msgspec.convert(value, _Object):
        names.run_id(msgspec.convert(value, _Branch)["run"])


def _removed_rows(value: Any) -> None:
    for key, said in msgspec.convert(value, dict[str, _Object]).items():
        if key in Stream.values:
            msgspec.convert(said, RowTombstone)
            if unknown := set(said) - {one.name for one in fields(RowTombstone)}:
                raise ValueError(f"{sorted(unknown)}")
        else:
            msgspec.convert(said, _Thinned)
        if datetime.fromisoformat(said["at"]).tzinfo is None:
            raise ValueError("a time without its zone")


def _limited(field: str, most: str, setting: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        check_json(field, msgspec.convert(value, _Object), getattr(settings, most), setting)

    return check


SHAPES: Mapping[str, Any] = {
    "Run.first_metrics": dict[str, float],
    "Run.tags": list[str],
    "Run.telemetry": _Telemetry,
    "Run.left_out": dict[str, _LeftOut],
    "Run.line_bases": _LineBases,
    "Run.reached": dict[str, float | None],
    "Run.line_ends": dict[str, _Count],
    "Run.differing_rows": dict[str, _Count],
    "Run.writers": dict[str, _Writer],
    "HistoryChunk.rows": Annotated[list[_Object], msgspec.Meta(min_length=1)],
    "Automation.conditions": list[_Condition],
    "Automation.action": _Object,
    "Execution.kept_variables": dict[str, _Plain],
    "Execution.kept_action": _Object,
    "Attempt.request": _Object,
    "Attempt.reply": _Object,
}
# What raises where it is none.
CHECKS: Mapping[str, Callable[[Any], object]] = {
    "Run.config": _limited("config", "CONFIG_LIMIT", "RUNBELL_CONFIG_LIMIT_MB"),
    "Run.summary": _limited("summary", "SUMMARY_LIMIT", "RUNBELL_SUMMARY_LIMIT_MB"),
    "Run.client_summary": _limited("client_summary", "SUMMARY_LIMIT", "RUNBELL_SUMMARY_LIMIT_MB"),
    "Run.branch": _branch,
    "Run.removed_rows": _removed_rows,
    "Version.metadata": check_metadata,
}


def json_fields(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, JSONTextField)]


def check_shapes(row: Model) -> None:
    """Refuse a row of which a JSON field is not what it is elsewhere. Raises ValidationError."""
    for field in json_fields(type(row)):
        value, name = getattr(row, field.attname), f"{type(row).__name__}.{field.name}"
        if value is None and field.null:
            continue
        try:
            if name in CHECKS:
                CHECKS[name](value)
            else:
                msgspec.convert(value, SHAPES[name])
        except (ValueError, KeyError, TypeError) as error:
            refuse(field.name, f"It is not what it should be: {error}")
