"""The archive of an export as an answer, piece by piece."""

from __future__ import annotations

from urllib.parse import quote

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from common.data.validation_errors import refuse_duplicate
from operations.models import ArchiveJob
from projects.file_storage.services import file_pieces


def download(job: ArchiveJob) -> StreamingHttpResponse:
    """Give what was exported. A Conflict where it is not there yet."""
    if job.kind != ArchiveJob.EXPORT or job.content is None:
        refuse_duplicate("archive", job.problem or _("It is not there yet. Ask again in a while."))
    name = f"{job.name.replace('/', '-')}-{job.asked_at:%Y-%m-%d}.tar"
    headers = {
        "Content-Length": str(job.content.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(file_pieces(job.content), content_type="application/x-tar", headers=headers)
