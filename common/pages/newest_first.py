"""Keyset pagination, newest first: by key and not by count, so that the last page is as quick as the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

AnyModel = TypeVar("AnyModel", bound=Model)

SIZE = 50


@dataclass(frozen=True)
class Page(Generic[AnyModel]):
    """`older` is what `?before=` takes to go on; None on the last page."""

    rows: Sequence[AnyModel]
    older: int | str | None
    is_first: bool


def newest(rows: QuerySet[AnyModel], before: str, size: int = SIZE) -> Page[AnyModel]:
    """Give the page of rows older than the one numbered `before`; the newest ones where that is no number."""
    start = int(before[:18]) if before.isascii() and before.isdigit() else None
    wanted = rows if start is None else rows.filter(pk__lt=start)
    # The keys alone come from an index; the wide rows are then read for one page only.
    keys = list(wanted.order_by("-pk").values_list("pk", flat=True)[: size + 1])
    found = rows.filter(pk__in=keys[:size]).order_by("-pk") if keys else []
    return Page(list(found), keys[size - 1] if len(keys) > size else None, start is None)
