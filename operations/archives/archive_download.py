"""The archive of an export as an answer, piece by piece."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, StreamingHttpResponse
from django.utils.translation import gettext as _

from operations.models import ArchiveJob
from projects.file_storage.services import file_pieces


def download(job: ArchiveJob) -> StreamingHttpResponse:
    """Give what was exported. Raises Http404 where it is not there."""
    if job.kind != ArchiveJob.EXPORT or job.content is None:
        raise Http404(job.problem or _("It is not there yet, or no more: an export is kept for a week."))
    name = f"{job.name.replace('/', '-')}-{job.asked_at:%Y-%m-%d}.tar"
    headers = {
        "Content-Length": str(job.content.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(file_pieces(job.content), content_type="application/x-tar", headers=headers)
