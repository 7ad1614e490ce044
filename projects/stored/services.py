"""Keep what is sent, read it again, and free what nobody points at any more.

A row is made before its content comes and goes after its content went, so nothing lies in a storage that no row
knows of. Only a row that has `arrived_at` is told of to anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import IO, Any, cast

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q, QuerySet
from django.utils import timezone

from common.clock import database_now
from common.refusals import refuse
from projects.models import RunFile, StoredFile
from projects.stored.incoming import Incoming, Source, TooLarge
from teams.models import Team

# Beyond the life of a link, for clocks that differ.
_MARGIN = timedelta(hours=1)
_EACH_SECONDS = 3600
_AT_ONCE = 1000


def keep(team: Team, source: Source, *, length: int, md5: str = "") -> StoredFile:
    """Store what comes, or give what is there where it is the same. Raises TooLarge, or a refusal by field."""
    if length > settings.FILE_LIMIT:
        raise TooLarge(f"{length} bytes; a file may have {settings.FILE_LIMIT}. RUNBELL_FILE_LIMIT_MB says how many.")
    row = StoredFile.objects.create(team=team, key=f"{team.pk}/{secrets.token_hex(1)}/{secrets.token_hex(16)}")
    incoming = Incoming(source, length=length, md5=md5)
    try:
        storages["files"].save(row.key, File(cast(IO[bytes], incoming), row.key))
    except BaseException:
        _drop(row)
        raise
    try:
        with transaction.atomic():
            row.md5, row.size = incoming.md5, incoming.size
            row.arrived_at = row.used_at = timezone.now()
            row.save()
            return row
    except IntegrityError:
        _drop(row)
    there = claim(team, [incoming.md5]).get(incoming.md5)
    # Freed since that moment: so rare that sending it again will do.
    return there or refuse("content", "It was deleted meanwhile. Send it again.")


def keep_for_run(file: RunFile, source: Source, *, length: int) -> None:
    """Store what a file of a run holds."""
    stored = keep(file.run.project.team, source, length=length)
    with transaction.atomic():
        if claim(file.run.project.team, [stored.md5]):
            file.content_id, file.size, file.md5, file.uploaded_at = stored.pk, stored.size, stored.md5, timezone.now()
            file.save(update_fields=["content", "size", "md5", "uploaded_at"])


def claim(team: Team, digests: Iterable[str]) -> Mapping[str, StoredFile]:
    """Give those that are there by their MD5, and keep them from being freed for as long as a link lives.

    In a transaction that then points at them they cannot be freed at all.
    """
    wanted = sorted(set(digests))
    found: dict[str, StoredFile] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = StoredFile.objects.filter(team=team, md5__in=some, arrived_at__isnull=False)
        rows.update(used_at=timezone.now())
        found |= {row.md5: row for row in rows}
    return found


def pieces(stored: StoredFile, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    storage: Any = storages["files"]
    found: Iterator[bytes] = storage.pieces(stored.key, start, stored.size - start if length is None else length)
    return found


def read(stored: StoredFile) -> bytes:
    """Give all of it at once: for small files only."""
    return b"".join(pieces(stored))


def free(limit: int = 1000) -> int:
    """Free contents that nobody points at and no link may still ask for; give how many."""
    before = database_now() - timedelta(seconds=settings.FILE_LINK_SECONDS) - _MARGIN
    freed = 0
    for row in _unused().filter(used_at__lt=before).order_by("used_at")[:limit]:
        with transaction.atomic():
            still = _unused().filter(pk=row.pk, used_at__lt=before).select_for_update(of=("self",)).first()
            if still is None:
                continue
            # From here on nobody is told of it; should we stop, the next one goes on.
            StoredFile.objects.filter(pk=row.pk).update(arrived_at=None)
        _drop(row)
        freed += 1
    return freed


def free_now_and_then() -> None:
    """The same, at most once an hour: it looks at every row."""
    if cache.add("projects.stored.free", 1, _EACH_SECONDS):
        free()


def _unused() -> QuerySet[StoredFile]:
    """Give the rows that no other row points at, whoever may."""
    pointing = Q()
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            rows: Any = relation.related_model
            pointing |= Q(Exists(rows.objects.filter(**{relation.field.name: OuterRef("pk")})))
    return StoredFile.objects.exclude(pointing)


def _drop(row: StoredFile) -> None:
    storages["files"].delete(row.key)
    row.delete()
