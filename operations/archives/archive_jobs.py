"""Background jobs of archives: what people asked for on pages and over REST, done by a process of its own.

Whoever does one holds a lease, and renews it. After a kill it is begun anew: an export is written beside its place and
stored when it is whole, an import goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from common.data.database_clock import database_now
from common.data.validation_errors import refuse, refuse_duplicate
from common.processes import crash_points
from common.processes.child_processes import Child
from operations import recurring_jobs
from operations.archives.archive_import import RefusedArchive
from operations.archives.export import ExportScope, history_format, write_export
from operations.archives.importing import import_archive
from operations.models import ArchiveJob
from projects.file_storage.services import drop, file_pieces, new_key
from projects.models import Project, StoredFile
from teams.access import administered_by
from teams.audit import actor, audit_log
from teams.models import Team, User

logger = logging.getLogger(__name__)
KEPT = timedelta(days=7)
_LEASE, _RENEWED_SECONDS = timedelta(minutes=5), 30.0
_EACH_SECONDS, _MOST_TRIES, _MOST_WAITING = 5, 3, 5
_running: list[Child] = []


def ask_for_export(team: Team, project: Project | None, *, format: str, by: User) -> ArchiveJob:
    """Let the team or the project be exported. Who asks must administer the team."""
    _refuse_many(team)
    with transaction.atomic():
        job = ArchiveJob.objects.create(
            kind=ArchiveJob.EXPORT, team=team, project=project, name=str(project or team),
            format=history_format(format), **_request_columns(by),
        )  # fmt: skip
        audit_log.record("archive.export", f"export of {job.name}", team=team, by=by, after={"format": job.format})
    return job


def ask_for_import(team: Team, content: StoredFile, *, by: User) -> ArchiveJob:
    """Let an archive that was sent be imported into the team. Who asks must administer it."""
    _refuse_many(team)
    with transaction.atomic():
        job = ArchiveJob.objects.create(
            kind=ArchiveJob.IMPORT,
            team=team,
            name=str(team),
            content=content,
            size=content.size,
            **_request_columns(by),
        )
        audit_log.record("archive.send", f"archive for {team}", team=team, by=by, after={"md5": content.md5})
    return job


def jobs_of(user: User) -> QuerySet[ArchiveJob]:
    """Give the jobs of the teams that the person administers, the newest first; nothing of what is being deleted."""
    rows = ArchiveJob.objects.filter(team__in=administered_by(user).order_by().values("pk"), project__deletion=None)
    return rows.select_related("team", "project", "asked_by", "content").order_by("-pk")


def job_numbered(user: User, pk: int, team: str = "") -> ArchiveJob:
    found = jobs_of(user).filter(pk=pk, **({"team__name": team} if team else {})).first()
    if found is None:
        hidden = ArchiveJob.objects.filter(pk=pk).select_related("team").first()
        if hidden is not None:
            actor.note_denial(hidden.team)
        raise Http404(_("There is no export %(pk)s of a team that you administer.") % {"pk": pk})
    return found


def start_waiting() -> None:
    """Start a process for what waits, and let go what is over. For the sweep."""
    if not recurring_jobs.claim("archives", every_seconds=_EACH_SECONDS):
        return
    over = ArchiveJob.objects.filter(finished_at__lt=database_now() - KEPT)
    over.delete()  # What the file holds is freed with the others that nobody names.
    if _running and _running[0].has_ended():
        _running.pop().kill()
    if not _running and _due().exists():
        _running.append(Child("manage.py", "export", "--waiting", "--skip-checks"))


def run_waiting() -> None:
    """Do what waits, one job after the other."""
    while (job := _claimed()) is not None:
        try:
            _run(job)
        except (RefusedArchive, ValidationError, OSError) as error:
            _finish(job, problem=" ".join(error.messages) if isinstance(error, ValidationError) else str(error))
        except Exception as error:
            logger.exception("archive job %s failed", job.pk)
            _finish(job, problem=f"{type(error).__name__}: {error}")


def _request_columns(by: User) -> dict[str, Any]:
    return {"asked_by": by, "key": by.shown_key, "is_by_key": by.shown_key is not None}


def _asker(job: ArchiveJob) -> User:
    """Give who asked, with the key they showed; refuse where they may no longer.

    A job whose person is gone is nobody's, and not the operator's.
    """
    by, key = User.objects.filter(pk=job.asked_by_id or 0).first(), job.key
    has_key = not job.is_by_key or (key is not None and (key.expires_at is None or key.expires_at > timezone.now()))
    if by is not None:
        by.shown_key = key
    if by is None or not has_key or not administered_by(by).filter(pk=job.team_id).exists():
        refuse("asked_by", f"Whoever asked for it no longer administers {job.team}, or their API key is gone.")
    return by


def _run(job: ArchiveJob) -> None:
    by = _asker(job)
    with tempfile.TemporaryDirectory(prefix="runbell-archive-") as folder:
        path = Path(folder) / "archive.tar"
        if job.kind == ArchiveJob.IMPORT:
            assert job.content is not None
            _write(path, file_pieces(job.content))
            most = settings.FILE_LIMIT
            report = import_archive(path, job.team, by=by, alive=_Lease(job).renew, most_unpacked=most)
            _finish(job, report=asdict(report))
            return
        project = Project.objects.filter(pk=job.project_id or 0, team__deletion=None).first()
        if project is None and job.name != str(job.team):
            refuse("project", f"The project {job.name} is no longer here.")
        scope = ExportScope(job.team, project, by)
        manifest = write_export(scope, path, format=job.format, alive=_Lease(job).renew)
        _finish(job, report=manifest, content=_stored(job.team, path))


class _Lease:
    """Keeps others off the job for as long as this process goes on with it."""

    def __init__(self, job: ArchiveJob) -> None:
        self._job, self._renewed_at = job, time.monotonic()

    def renew(self) -> None:
        if time.monotonic() - self._renewed_at > _RENEWED_SECONDS:
            self._renewed_at = time.monotonic()
            ArchiveJob.objects.filter(pk=self._job.pk).update(leased_until=database_now() + _LEASE)


def _due() -> QuerySet[ArchiveJob]:
    now = database_now()
    return ArchiveJob.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), finished_at=None).order_by("pk")


def _claimed() -> ArchiveJob | None:
    for job in _due().select_related("team__organization", "asked_by", "content", "key"):
        taken = {"leased_until": database_now() + _LEASE, "tries": F("tries") + 1}
        if _due().filter(pk=job.pk).update(**taken):
            if job.tries < _MOST_TRIES:
                return job
            _finish(job, problem="It was begun three times and never came to its end. Ask the operator for the log.")
    return None


def _finish(job: ArchiveJob, **values: Any) -> None:
    values = {**values, "problem": values.get("problem", "")[:500], "finished_at": timezone.now(), "leased_until": None}
    content = values.get("content")
    ArchiveJob.objects.filter(pk=job.pk).update(**values, **({"size": content.size} if content else {}))


def _refuse_many(team: Team) -> None:
    if ArchiveJob.objects.filter(team=team, finished_at=None).count() >= _MOST_WAITING:
        refuse_duplicate("team", f"{_MOST_WAITING} exports and imports of {team} are under way. Wait for one to end.")


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    with path.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)


def _stored(team: Team, path: Path) -> StoredFile:
    """Keep the archive where the team's files are: no limit for one file holds, as its parts were within it."""
    with path.open("rb") as stream:
        md5 = hashlib.file_digest(stream, "md5").hexdigest()
    row = StoredFile.objects.create(team=team, key=new_key(team))
    with _dropped_if_broken(row), path.open("rb") as stream:
        storages["files"].save(row.key, File(stream, row.key))
        crash_points.reached("archive.storing")
        row.md5, row.size, row.arrived_at = md5, path.stat().st_size, timezone.now()
        row.save()
    return row


@contextmanager
def _dropped_if_broken(row: StoredFile) -> Iterator[None]:
    try:
        yield
    except BaseException:
        drop(row)
        raise
