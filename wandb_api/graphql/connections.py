"""Relay connections: pagination by `first` and `after`, edges, and a cursor that nobody else reads."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db.models import QuerySet

from common.data.validation_errors import quoted, refuse

USUAL, MOST = 50, 5000

Edge = Callable[[Any], dict[str, Any]]
Rows = QuerySet[Any] | Sequence[Any]


class PageRequest(TypedDict, total=False):
    """Which rows of a list, in which order, and from where on: a resolver takes `**asked: Unpack[PageRequest]`."""

    filters: str | None
    order: str | None
    after: str | None
    first: int | None


@dataclass(frozen=True)
class RelayPage:
    """A part of a list: which part is decided when it becomes an answer, of what the caller may see."""

    rows: Rows
    first: int | None = None
    after: str | None = None
    # What an edge says of a row, where that is not its node; and what the rows of a page become, in one go.
    edge: Edge | None = None
    nodes: Callable[[list[Any]], list[Any]] = lambda rows: rows

    def of(self, rows: Rows) -> dict[str, Any]:
        """Give this part of those of the rows that may be seen; they must come in the same order each time."""
        start, count = offset_of(self.after), count_of(self.first)
        found = list(rows[start : start + count + 1])
        shown = found[:count]
        return {
            "totalCount": rows.count() if isinstance(rows, QuerySet) else len(rows),
            "edges": [
                {"cursor": cursor(start + at + 1), **(self.edge(row) if self.edge else {"node": row})}
                for at, row in enumerate(self.nodes(shown))
            ],
            "pageInfo": {"endCursor": cursor(start + len(shown)), "hasNextPage": len(found) > count},
        }


def page(
    rows: Rows,
    *,
    first: int | None = None,
    after: str | None = None,
    edge: Edge | None = None,
) -> RelayPage:
    """Give a part of the rows, which must come in the same order each time. A cursor that is none is refused here."""
    offset_of(after)
    return RelayPage(rows, first, after, edge)


def count_of(first: int | None) -> int:
    """Give how many rows are meant."""
    return max(0, min(USUAL if first is None else first, MOST))


def whole_page(rows: Rows) -> RelayPage:
    """Give all rows as one page."""
    return page(rows, first=MOST)


def cursor(place: int) -> str:
    return base64.b64encode(f"at:{place}".encode()).decode()


def offset_of(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        place = base64.b64decode(cursor, validate=True).decode().removeprefix("at:")
    except ValueError:  # also of letters that base64 has not
        place = ""
    if not (place.isascii() and place.isdigit()) or len(place) > 12:
        refuse("after", f"{quoted(cursor)} is no cursor of ours.")
    return int(place)
