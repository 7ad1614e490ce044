"""One of its name in its place, also when two ask at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from common.refusals import refuse_twin


@contextmanager
def only_one(twins: QuerySet[Any], message: str) -> Iterator[None]:
    """Save in it: refuses a name that one of `twins` has, also where that comes between our look and our save."""
    if twins.all().exists():
        refuse_twin("name", message)
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        # Another constraint may have been broken: then it is our own fault.
        if not twins.all().exists():
            raise
        refuse_twin("name", message)
