"""Delivery variables: what a message says of its own delivery and of its incident. Not stored: computed.

An incident is one per automation and subject: what opens it and what closes it have the same key, and no other has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from events.event_types import Variable

VARIABLES = (
    Variable("delivery_id", "The same on each try: for receivers that do something once", "msg_5f0c…"),
    Variable("execution_url", "The execution's page", "http://127.0.0.1:8000/executions/12"),
    Variable("incident_key", "One per automation and run or version: 32 letters", "9f86d081884c7d659a2feaa0c55ad015"),
    Variable("incident_action", "trigger, or resolve when the condition no longer holds", "trigger"),
)
_KEY_LENGTH = 32


def delivery_variables(
    *, automation_id: int, subject: str, delivery_id: str, execution_url: str, has_recovered: bool
) -> Mapping[str, object]:
    """Give their values. `subject` is the address of what it is about, which no two have in common."""
    key = hashlib.sha256(f"{automation_id} {subject}".encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "delivery_id": delivery_id,
        "execution_url": execution_url,
        "incident_key": key[:_KEY_LENGTH],
        "incident_action": "resolve" if has_recovered else "trigger",
    }
