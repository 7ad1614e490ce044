"""Unique names under a race: one of its name in its place, also when two ask at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from common.data.validation_errors import refuse_duplicate


@contextmanager
def only_one(same_name: QuerySet[Any], message: str) -> Iterator[None]:
    """Save in it: refuses a name that one of `same_name` has, also where that comes between our look and our save."""
    if same_name.all().exists():
        refuse_duplicate("name", message)
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        # Another constraint may have been broken: then it is our own fault.
        if not same_name.all().exists():
            raise
        refuse_duplicate("name", message)
