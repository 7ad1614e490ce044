"""Deletion by scripts: gone at once for every reader, and for the days of grace undone on a page or over REST.

Where there is no grace (`RUNBELL_DELETION_GRACE_DAYS=0`) the rows go in the request.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from artifacts import editing as artifact_editing
from artifacts.models import Collection, Version
from projects.models import Run
from projects.runs import editing as run_editing
from teams.models import User


def delete_run(run: Run, *, by: User) -> None:
    """Versions it made stay."""
    if not settings.DELETION_GRACE_DAYS:
        run_editing.delete_run(run)
        return
    with transaction.atomic():
        run_editing.record_deletion(run)
        _hide("run", run, by)


def delete_versions_of(run: Run, *, by: User) -> None:
    """Those that the run made, all or none: not where another run uses one, or one is linked."""
    if not settings.DELETION_GRACE_DAYS:
        artifact_editing.delete_versions_of(run, by=by)
        return
    with transaction.atomic():
        for version in artifact_editing.deletable_versions_of(run):
            _hide("version", version, by)


def delete_version(version: Version, *, with_aliases: bool, by: User) -> None:
    """Its aliases go with it, or keep it from going."""
    if not settings.DELETION_GRACE_DAYS:
        artifact_editing.delete_version(version, with_aliases=with_aliases, by=by)
        return
    with transaction.atomic():
        if not with_aliases:
            artifact_editing.refuse_with_aliases(version)
        _hide("version", version, by)


def delete_collection(collection: Collection, *, by: User) -> None:
    """Versions made in it go with it, everywhere."""
    if not settings.DELETION_GRACE_DAYS:
        artifact_editing.delete_collection(collection, by=by)
        return
    _hide("collection", collection, by)


def _hide(kind: str, row: Any, by: User) -> None:
    import_string(settings.SCHEDULE_DELETION)(kind, row, by=by)
