"""Cooldown keys: what a cooldown belongs to, such as a run, its group or a value of its config. Pure.

Of an event that says which state a run is in, each state has a cooldown of its own: *running* silences no *failed*.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automations.filters.fields import RUN_FIELDS, field_path
from automations.filters.values import MISSING
from common.data.validation_errors import quoted
from events.event_types import EventContext, EventType

RUN, GROUP, PROJECT = "run", "group", "project"
CONFIG = "config."
LONGEST_CONFIG_KEY = 200
_DIGEST = 32


@dataclass(frozen=True)
class CooldownKey:
    """`text` is what is stored, of at most 64 characters; `words` name it in a sentence: this run, in state failed."""

    text: str
    words: str


def problem_of(cooldown_per: str) -> str:
    """Say what is wrong with what somebody gave as the key of a cooldown; blank: nothing."""
    if cooldown_per in (RUN, GROUP, PROJECT):
        return ""
    key = cooldown_per.removeprefix(CONFIG)
    if cooldown_per.startswith(CONFIG) and key.strip() and len(key) <= LONGEST_CONFIG_KEY:
        return ""
    return (
        f"{quoted(cooldown_per)} is nothing that a cooldown can be kept for. "
        f"Choose one of: run, group, project, config.KEY (such as config.lr; a key of at most {LONGEST_CONFIG_KEY})."
    )


def cooldown_key(cooldown_per: str, event_type: type[EventType], context: EventContext) -> CooldownKey:
    """Give the key of the cooldown that what happened belongs to.

    A run without a group, or without that key in its config, stands for itself.
    """
    whole = _whole(cooldown_per, context)
    state = event_type.told_state(context)
    return CooldownKey(f"{whole.text}@{state}", f"{whole.words} in state {state}") if state else whole


def _whole(cooldown_per: str, context: EventContext) -> CooldownKey:
    facts = context.subject.facts
    if cooldown_per == PROJECT:
        return CooldownKey(f"project:{facts['project']}", f"the project {facts['project_name']}")
    if cooldown_per == GROUP and facts["group"]:
        return CooldownKey(_hashed(GROUP, facts, facts["group"]), f"the group {quoted(facts['group'])}")
    if cooldown_per.startswith(CONFIG):
        key = cooldown_per.removeprefix(CONFIG)
        value = _in_config(key, facts)
        if value is not MISSING:
            return CooldownKey(_hashed(cooldown_per, facts, value), f"runs with {key} = {quoted(value)}")
    return CooldownKey(context.subject.key, "this run")


def _in_config(key: str, facts: Mapping[str, Any]) -> object:
    path = field_path(f"{CONFIG}{key}", RUN_FIELDS)
    return MISSING if path is None else path.value(facts)


def _hashed(kind: str, facts: Mapping[str, Any], value: object) -> str:
    # Groups and configs are a project's own; what people write there has any length.
    told = json.dumps([kind, facts["project"], value], sort_keys=True, default=str)
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind.partition('.')[0]}:{digest[:_DIGEST]}"
