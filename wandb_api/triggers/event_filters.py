"""Event filter translation between the SDK's wire format and our conditions. Pure.

An event's filter has two parts: *what* happens (a metric crosses a line, a run fails) and *which* runs or versions
it is about. What the SDK has no words for is handed out as an empty filter, which it reads without complaint. Where it
comes back as it was handed out, ours stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from automations.conditions import condition as conditions
from automations.conditions.condition import Condition
from automations.filters import parsing, wire_format
from automations.filters.errors import FilterError
from automations.filters.fields import FilterField
from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from wandb_api.triggers import event_shapes
from wandb_api.triggers.filter_normalization import FilterDocument, for_mutations, for_runs, normalized

Stored = dict[str, Any]

FIELD = "eventFilter"
_EMPTY: FilterDocument = {"$and": []}
# W&B's events; those of our own are handed out as the first, without a filter.
EVENTS = (
    "RUN_STATE", "RUN_METRIC", "RUN_METRIC_CHANGE", "RUN_METRIC_ZSCORE", "CREATE_ARTIFACT", "LINK_MODEL",
    "UNLINK_ARTIFACT", "ADD_ARTIFACT_ALIAS", "ADD_ARTIFACT_TAG", "REMOVE_ARTIFACT_TAG",
    "ADD_COLLECTION_TAG", "REMOVE_COLLECTION_TAG",
)  # fmt: skip


@dataclass(frozen=True)
class SdkEventFilter:
    """`what` is None where there are no words for it, and empty for events of artifacts, which need none."""

    what: Mapping[str, Any] | None
    which: FilterDocument


def sdk_event_type(event: str) -> str:
    """Give the event's name in the SDK's words, by our key."""
    wire = _kind(event).wire if event in event_types.registry else ""
    return wire if wire in EVENTS else EVENTS[0]


def sdk_event_filter(event: str, stored: Sequence[Stored]) -> str:
    """Give the filter as it is handed out: JSON text."""
    kind = _kind(event) if event in event_types.registry else None
    said = _said(kind, stored)
    if kind is None or said.what is None:
        return _wrapped(_EMPTY)
    if kind.about != "run":
        return _wrapped(for_mutations(said.which))
    legacy = {"metric_filter": None} if event_shapes.METRIC in said.what else {}
    return _text({"run_filter": _text(for_runs(said.which)), **said.what, **legacy})


def conditions_sent(event: str, text: str) -> list[Stored]:
    """Read the filter of a new automation, as it would be sent over REST: unchecked. ValidationError for no filter."""
    return _conditions(_event(event), _read(_event(event), text))


def conditions_changed(event: str, stored: Sequence[Stored], sent_event: str, text: str) -> list[Stored] | None:
    """Give the conditions for a filter that came back; None where it is as it was handed out.

    What did not change stays as it is stored, and so does what the SDK was never told.
    """
    new, old = _event(sent_event), _kind(event) if event in event_types.registry else None
    sent, told = _read(new, text), _said(old, stored)
    # Of what has no words an empty filter was handed out.
    same_what = not sent.what if told.what is None else sent.what == told.what
    same_which = sent.which == (_EMPTY if told.what is None else told.which)
    if same_what and same_which and sdk_event_type(event) == new.wire:
        return None
    fresh, untold = _conditions(new, sent), _fitting(_untold(stored), new)
    if old is not new:
        return fresh + untold
    defining = [one for one in (stored if same_what else fresh) if _defines(one, new)]
    choosing = [one for one in (stored if same_which else fresh) if not _defines(one, new)]
    return [*defining, *choosing, *([] if same_which else untold)]


def _said(event: type[EventType] | None, stored: Sequence[Stored]) -> SdkEventFilter:
    """Say what is stored; what cannot be read (any more) has no words either."""
    if event is None:
        return SdkEventFilter(None, _EMPTY)
    try:
        defining = [event_shapes.write(one["type"], one) for one in stored if _defines(one, event)]
        which = [clause for one in stored if not _defines(one, event) and (clause := _clause(one)) is not None]
        return SdkEventFilter((defining or [None])[0] if event.about == "run" else {}, normalized({"$and": which}))
    except (KeyError, TypeError, ValueError):
        return SdkEventFilter(None, _EMPTY)


def _read(event: type[EventType], text: str) -> SdkEventFilter:
    try:
        document = wire_format.read(text)
        if not isinstance(document, dict):
            refuse(FIELD, f"{quoted(document)} is no JSON object.")
        if event.about != "run":
            return SdkEventFilter({}, _checked(document))
        beside = {
            name: value
            for name, value in document.items()
            if name in (event_shapes.METRIC, event_shapes.STATE) and value
        }
        if (old := document.get("metric_filter")) and not beside:
            beside = {event_shapes.METRIC: {"threshold_filter": wire_format.read(old)}}
        empty = _EMPTY if beside or "run_filter" in document else document
        return SdkEventFilter(beside, _checked(wire_format.read(document.get("run_filter") or empty)))
    except FilterError as error:
        refuse(FIELD, str(error))


def _checked(document: Any) -> FilterDocument:
    """Give the normal form of what is a filter of some fields; which they are is for its condition to say."""
    return normalized(parsing.parse(document, fields=FilterField).document)


def _conditions(event: type[EventType], said: SdkEventFilter) -> list[Stored]:
    found = event_shapes.read(said.what or {})
    if said.which != _EMPTY:
        found.append({"type": "run_filter" if event.about == "run" else "artifact_filter", "document": said.which})
    return found


def _clause(one: Stored) -> FilterDocument | None:
    kind = _condition(one)
    return kind(one).clause() if kind else None


def _untold(stored: Sequence[Stored]) -> list[Stored]:
    """Give the conditions that no part of what was handed out stands for."""
    return [one for one in stored if one["type"] not in event_shapes.SHAPES and _clause(one) is None]


def _fitting(stored: Sequence[Stored], event: type[EventType]) -> list[Stored]:
    keys = {kind.key for kind in conditions.conditions_of(event.key) if event.key not in kind.defines}
    return [one for one in stored if one["type"] in keys]


def _defines(one: Stored, event: type[EventType]) -> bool:
    kind = _condition(one)
    return kind is not None and event.key in kind.defines


def _condition(one: Stored) -> type[Condition] | None:
    with suppress(UnknownKey):
        return conditions.registry.get(one.get("type"))
    return None


def _kind(event: str) -> type[EventType]:
    return event_types.registry.get(event)


def _event(name: str) -> type[EventType]:
    try:
        return event_types.by_wire_name(name)
    except UnknownKey as error:
        refuse("triggeringEventType", f"{error}.")


def _wrapped(document: FilterDocument) -> str:
    return _text({"filter": _text(document)})


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
