"""OpenAPI: each kind of integration is described by itself, as the registry has them when the document is made."""

from __future__ import annotations

from typing import Any

from integrations.kind import in_order

_KIND = "{kind}"


def each_kind(endpoints: list[tuple[str, str, str, Any]], **_: Any) -> list[tuple[str, str, str, Any]]:
    """Put an operation of each kind in the place of one of any kind. A preprocessing hook of drf-spectacular."""
    found = []
    for path, regex, method, callback in endpoints:
        if f"/integrations/{_KIND}" not in path:
            found.append((path, regex, method, callback))
            continue
        for kind in in_order():
            of_kind = callback.cls.as_view(**{**callback.initkwargs, "kind": kind})
            found.append((path.replace(_KIND, kind.key), regex.replace(_KIND, kind.key), method, of_kind))
    return found
