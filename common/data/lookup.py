"""Row lookup by the names in addresses, or 404."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404

AnyModel = TypeVar("AnyModel", bound=Model)


def row_or_404(rows: QuerySet[AnyModel], what: str, **by: Any) -> AnyModel:
    """Give the one row of those; 404 with `There is no {what}.` where there is none."""
    row = rows.filter(**by).first()
    if row is None:
        raise Http404(f"There is no {what}.")
    return row
