"""Garbage collection of stored files: contents that nothing points at any more, once no signed URL can be alive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import CASCADE, Exists, ManyToOneRel, OuterRef, Q, QuerySet

from common.data.database_clock import database_now
from projects.file_storage.services import drop
from projects.models import StoredFile

# Beyond the life of a link, for clocks that differ.
_MARGIN = timedelta(hours=1)
_EACH_SECONDS = 3600


def free_files(limit: int = 1000, *, of: Q | None = None) -> int:
    """Garbage-collect contents, all or some, that nobody points at and no link may still ask for; give how many."""
    before = database_now() - timedelta(seconds=settings.FILE_LINK_SECONDS) - _MARGIN
    freed = 0
    for row in _unused().filter(of or Q(), used_at__lt=before).order_by("used_at")[:limit]:
        with transaction.atomic():
            still = _unused().filter(pk=row.pk, used_at__lt=before).select_for_update(of=("self",)).first()
            if still is None:
                continue
            # From here on nobody is told of it; should we stop, the next one goes on.
            StoredFile.objects.filter(pk=row.pk).update(arrived_at=None)
        drop(row)
        freed += 1
    return freed


def free_files_hourly() -> None:
    """The same, at most once an hour: it looks at every row."""
    if cache.add("projects.stored.free", 1, _EACH_SECONDS):
        free_files()


def _unused() -> QuerySet[StoredFile]:
    """Give the rows that no other row points at, whoever may; what goes with a row (its own parts) keeps it not."""
    pointing = Q()
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.on_delete is not CASCADE:
            rows: Any = relation.related_model
            pointing |= Q(Exists(rows._base_manager.filter(**{relation.field.name: OuterRef("pk")})))
    return StoredFile.objects.exclude(pointing)
