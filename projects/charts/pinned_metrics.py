"""The metrics that a person pinned in a project: their browser says them, in a cookie of the project's address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import unquote

COOKIE = "pins"
MOST_PINNED, _LONGEST = 12, 512


def pinned_metrics(cookies: Mapping[str, str]) -> list[str]:
    """Give the names, in the order they were pinned in; what nobody of ours wrote is none."""
    try:
        said = json.loads(unquote(cookies.get(COOKIE, "")))
    except (ValueError, RecursionError):
        return []
    names = said if isinstance(said, list) else []
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and len(name) <= _LONGEST))[:MOST_PINNED]
