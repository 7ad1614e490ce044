"""What REST takes to make one integration of each kind, from the example that the kind itself gives."""

from __future__ import annotations

import re
from typing import Any

from integrations.kind import Kind

# Where nobody listens.
LOOPBACK = "http://127.0.0.1:8009"
SECRET = "hush-hush"


def example_on_loopback(kind: type[Kind], **changes: Any) -> dict[str, Any]:
    """Give the kind's example with its addresses on loopback, and a secret in what is never shown again."""
    fields = kind.sent_serializer(new=True)().fields
    return {
        **{name: _on_loopback(value, private=fields[name].write_only) for name, value in kind.example.items()},
        **changes,
    }


def _on_loopback(value: Any, *, private: bool) -> Any:
    if not isinstance(value, str) or "://" not in value:
        return value
    return f"{LOOPBACK}/?key={SECRET}" if private else re.sub(r"^https?://[^/]+", LOOPBACK, value)
