"""Pages of a list, as Relay has them: `first`, `after`, edges, and a cursor that nobody else reads."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from django.db.models import QuerySet

from common.refusals import quoted, refuse

USUAL, MOST = 50, 5000

Rows = QuerySet[Any] | Sequence[Any]


class Asked(TypedDict, total=False):
    """Which rows of a list, in which order, and from where on: a resolver takes `**asked: Unpack[Asked]`."""

    filters: str | None
    order: str | None
    after: str | None
    first: int | None


def page(
    rows: Rows,
    *,
    first: int | None = None,
    after: str | None = None,
    edge: Callable[[Any], dict[str, Any]] = lambda row: {"node": row},
) -> dict[str, Any]:
    """Give a part of the rows, which must come in the same order each time."""
    start, count = place_of(after), count_of(first)
    found = list(rows[start : start + count + 1])
    shown = found[:count]
    return {
        "totalCount": rows.count() if isinstance(rows, QuerySet) else len(rows),
        "edges": [{"cursor": cursor(start + at + 1), **edge(row)} for at, row in enumerate(shown)],
        "pageInfo": {"endCursor": cursor(start + len(shown)), "hasNextPage": len(found) > count},
    }


def count_of(first: int | None) -> int:
    """Give how many rows are meant."""
    return max(0, min(USUAL if first is None else first, MOST))


def whole(rows: Rows) -> dict[str, Any]:
    """Give all rows as one page."""
    return page(rows, first=MOST)


def cursor(place: int) -> str:
    return base64.b64encode(f"at:{place}".encode()).decode()


def place_of(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        place = base64.b64decode(cursor, validate=True).decode().removeprefix("at:")
    except (binascii.Error, UnicodeError):
        place = ""
    if not (place.isascii() and place.isdigit()) or len(place) > 12:
        refuse("after", f"{quoted(cursor)} is no cursor of ours.")
    return int(place)
