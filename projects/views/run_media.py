"""Pages of what a run logged beside numbers, and its files: shown where that is safe, else saved."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from common.data.file_names import safe_file_name
from projects.access import run_named
from projects.file_storage.services import file_pieces
from projects.media.media_values import media_of
from projects.media.shown_types import BEGINNING, shown_type
from projects.media.table_preview import table_preview
from projects.models import RunFile, StoredFile
from projects.project_frame import project_page
from projects.runs.files import files_named
from teams.accounts.signed_in import person

_MOST_FILES = 200
# It has an origin of its own, no script, and asks nobody for anything.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@require_safe
@login_required
@vary_on_headers("HX-Request")
def files(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """Media and files of the run: a part of its page, or a page of its own."""
    found = run_named(person(request), team, project, run)
    listed = list(found.files.order_by("name")[: _MOST_FILES + 1])
    items = media_of(found)
    tables = {item.key: table_preview(_stored(item.file)) for item in items if item.kind == "table" and item.file}
    shown = {"run": found, "media": items, "tables": tables, "files": listed[:_MOST_FILES]}
    template = "projects/_files.html" if "HX-Request" in request.headers else "projects/files.html"
    more = {"has_more": len(listed) > _MOST_FILES, "most": _MOST_FILES}
    return render(request, template, {**project_page(person(request), found.project, "runs"), **shown, **more})


@require_safe
@login_required
def file(request: HttpRequest, team: str, project: str, run: str) -> StreamingHttpResponse:
    """What a file holds. Pictures and sound are shown by what they are, all else is saved."""
    named, stored = _file(request, team, project, run)
    beginning = b"".join(file_pieces(stored, 0, min(stored.size, BEGINNING)))
    kind = shown_type(beginning)
    answer = StreamingHttpResponse(file_pieces(stored), content_type=kind or "application/octet-stream")
    answer["Content-Length"] = str(stored.size)
    saved_as = safe_file_name(named.name).rpartition("/")[2]
    answer["Content-Disposition"] = content_disposition_header(as_attachment=not kind, filename=saved_as) or "inline"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-cache"
    return answer


@require_safe
@login_required
def html(request: HttpRequest, team: str, project: str, run: str) -> StreamingHttpResponse:
    """A logged HTML document, for a frame on our page: without scripts, and with an origin of its own."""
    named, stored = _file(request, team, project, run)
    if not named.name.endswith((".html", ".htm")):
        raise Http404("This file is no HTML.")
    answer = StreamingHttpResponse(file_pieces(stored), content_type="text/html; charset=utf-8")
    answer["Content-Security-Policy"] = _SANDBOX
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _file(request: HttpRequest, team: str, project: str, run: str) -> tuple[RunFile, StoredFile]:
    found = run_named(person(request), team, project, run)
    name = request.GET.get("name", "").replace("\0", "")
    named = files_named(found, [name]).select_related("content").first() if name else None
    if named is None or named.content is None or named.content.arrived_at is None:
        raise Http404("The run has no file of this name, or what it holds is not kept.")
    return named, named.content


def _stored(file: RunFile) -> StoredFile:
    assert file.content is not None
    return file.content
