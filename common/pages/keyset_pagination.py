"""Keyset pagination in any order, not by count: the last page is as quick as the first, and new rows move nothing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, Q, QuerySet

from common.pages.newest_first import SIZE, Page

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True)
class Order:
    """By a column that is never NULL, and then by the key, in the same direction."""

    column: str
    descending: bool = False

    @property
    def columns(self) -> tuple[str, str]:
        sign = "-" if self.descending else ""
        return f"{sign}{self.column}", f"{sign}pk"


def page_of(rows: QuerySet[AnyModel], order: Order, after: str, size: int = SIZE) -> Page[AnyModel]:
    """Give the page that follows the place `after`; the first one where that is no place in this list."""
    start = _read(after)
    try:
        places = _places(_following(rows, order, start), order, size)
    except (ValueError, TypeError, FieldError, ValidationError):
        # A place in another list, or written by hand.
        start, places = None, _places(rows, order, size)
    found = rows.in_bulk([pk for pk, _value in places[:size]])
    more = places[size - 1] if len(places) > size else None
    # A row that was deleted in between is left out.
    listed = [found[pk] for pk, _value in places[:size] if pk in found]
    return Page(listed, _write(*more) if more else None, start is None)


def _places(rows: QuerySet[AnyModel], order: Order, size: int) -> list[tuple[int, Any]]:
    """Give keys and values alone: a database that has to sort then sorts these, and not whole joined rows."""
    return list(rows.order_by(*order.columns).values_list("pk", order.column)[: size + 1])


def _following(rows: QuerySet[AnyModel], order: Order, start: tuple[Any, int] | None) -> QuerySet[AnyModel]:
    if start is None:
        return rows
    value, pk = start
    way = "lt" if order.descending else "gt"
    return rows.filter(Q(**{f"{order.column}__{way}": value}) | Q(**{order.column: value, f"pk__{way}": pk}))


def _write(pk: int, value: Any) -> str:
    place = json.dumps([value, pk], default=str)
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read(place: str) -> tuple[Any, int] | None:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None
    is_usable = isinstance(value, (str, int)) and isinstance(pk, int) and "\0" not in str(value)
    return (value, pk) if is_usable and abs(pk) < 2**63 else None
