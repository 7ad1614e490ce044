"""What has another name since 0.1.0. Whoever renames something that people or scripts see adds a line here.

The fixture speaks the words of 0.1.0; the tests of this folder look for what these tables make of them.
"""

from __future__ import annotations

import re
from typing import Any

# Rows ---------------------------------------------------------------------------------------------------

# Table of 0.1.0 -> what stands after FROM today. What is not here is called as before.
TABLES: dict[str, str] = {
    "automations_rest": "automations_cooldown",
    "automations_memory": "automations_windowstate",
    "integrations_webhook": "integrations_integration WHERE kind = 'webhook'",
    "integrations_slackchannel": "integrations_integration WHERE kind = 'slack'",
}
# Tables of 0.1.0 whose rows are not kept: Django's own lists, which grow with the code, and the queue.
NOT_KEPT = {"auth_permission", "django_content_type", "django_migrations", "django_q_ormq", "django_q_task"}
# Columns that the tests read, by their names of 0.1.0 -> today.
COLUMNS: dict[str, str] = {}

# REST ---------------------------------------------------------------------------------------------------

# Names in answers: today's for that of 0.1.0.
FIELDS: dict[str, str] = {"rest_seconds": "cooldown_seconds", "recovery": "notify_on_recovery"}
# What holds words of its own: what an audit row tells, and parameters of conditions.
KEPT_AS_IT_IS = {"before", "after", "conditions"}
# (beginning of the address, field, value of 0.1.0) -> value of today.
VALUES: dict[tuple[str, str, Any], Any] = {
    (start, "state", old): new
    for start in ("/api/v1/executions", "/api/v1/automations", "/api/v1/teams")
    for old, new in (("finished", "delivered"), ("skipped", "suppressed"))
}
# Sentences: what is written otherwise, wherever it stands in a text.
TEXTS: dict[str, str] = {"Resting: ": "Cooldown: "}
# Fields of 0.1.0 that are not compared: they tell of the last use, which is ours.
NOT_COMPARED = {"last_used_at"}
# Addresses that answer 410 today -> the address that they name. Both are regular expressions as `re.sub` takes them.
GONE: dict[str, str] = {
    r"(/api/v1/teams/[^/]+)/webhooks(/.*|\\?.*|)": r"\1/integrations/webhook\2",
    r"(/api/v1/teams/[^/]+)/slack-channels(/.*|\\?.*|)": r"\1/integrations/slack\2",
}

# States of an execution, as REST gives them.
PENDING, DELIVERED, SUPPRESSED = "pending", "delivered", "suppressed"


def new_address(address: str) -> str:
    """Give the address that 410 names; blank where the old one still answers."""
    for old, new in GONE.items():
        if re.fullmatch(old, address):
            return re.sub(old, new, address)
    return ""


def renamed(address: str, answer: Any, field: str = "") -> Any:
    """Give an answer of 0.1.0 in the words of today, without what is not compared."""
    if field in KEPT_AS_IT_IS:
        return answer
    if isinstance(answer, dict):
        kept = {name: value for name, value in answer.items() if name not in NOT_COMPARED}
        return {FIELDS.get(name, name): renamed(address, value, name) for name, value in kept.items()}
    if isinstance(answer, list):
        return [renamed(address, one, field) for one in answer]
    for (start, name, old), new in VALUES.items():
        if address.startswith(start) and (name, old) == (field, answer):
            return new
    return reworded(answer) if isinstance(answer, str) else answer


def reworded(text: str) -> str:
    for old, new in TEXTS.items():
        text = text.replace(old, new)
    return text


def missing(expected: Any, found: Any, path: str = "") -> list[str]:
    """Say what of the expected is not in what was found; new fields may stand beside the old ones."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            line
            for name, value in expected.items()
            for line in (missing(value, found[name], f"{path}.{name}") if name in found else [f"{path}.{name} is gone"])
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for at, (one, other) in pairs for line in missing(one, other, f"{path}[{at}]")]
    return [] if expected == found else [f"{path}: {found!r}, not {expected!r}"]
