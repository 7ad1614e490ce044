"""Former names of fields and states: refused in REST and YAML, with the new name in the text.

Pages take a former state in an address for the present one, as links to them were sent around.
"""

from __future__ import annotations

from collections.abc import Mapping

# Until 0.1.0.
FIELDS: Mapping[str, str] = {"rest_seconds": "cooldown_seconds", "recovery": "notify_on_recovery"}
STATES: Mapping[str, str] = {"finished": "delivered", "skipped": "suppressed"}


def hint(name: object, former: Mapping[str, str]) -> str:
    """Give the sentence that leads from a former name to the present one; empty where it never was a name."""
    return f" It is called {former[name]} now." if isinstance(name, str) and name in former else ""
