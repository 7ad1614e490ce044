"""The archive of an export as an answer, piece by piece; the audit log tells who fetched it."""

from __future__ import annotations

from urllib.parse import quote

from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from common.data.validation_errors import refuse_duplicate
from operations.models import ArchiveJob
from projects.file_storage.services import file_pieces
from teams.audit import audit_log
from teams.models import User


def download(job: ArchiveJob, *, by: User) -> StreamingHttpResponse:
    """Give what was exported, and note that it left. A Conflict where it is not there yet."""
    if job.kind != ArchiveJob.EXPORT or job.content is None:
        refuse_duplicate("archive", job.problem or _("It is not there yet. Ask again in a while."))
    with transaction.atomic():
        # Whoever has it has all of the team's rows and files: by number, as a team may be exported often.
        told = {"export": job.pk, "size": job.content.size, "md5": job.content.md5}
        audit_log.record("archive.fetch", f"export of {job.name}", team=job.team, by=by, after=told)
    name = f"{job.name.replace('/', '-')}-{job.asked_at:%Y-%m-%d}.tar"
    headers = {
        "Content-Length": str(job.content.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(file_pieces(job.content), content_type="application/x-tar", headers=headers)
