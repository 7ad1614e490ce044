"""Pages of a run's log (console output): by line, searched, live while it runs, and whole as a file."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from common.pages.list_filters import typed_filter
from projects.access import run_named
from projects.console.log_line import LogLine
from projects.console.log_pages import PAGE_LINES, UNSETTLED, newest_page, page_from, search
from projects.history.console_output import output_line_count, output_lines_from, output_pieces
from projects.models import Run
from projects.project_frame import project_page
from teams.accounts.signed_in import person

# A live page that has grown by so many lines begins anew at the newest ones.
_MOST_GROWTH = 5000


@require_safe
@login_required
def log(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The newest lines, those from `line` on, or those with the words `q` in them."""
    found = run_named(person(request), team, project, run)
    line, words = _number(request.GET.get("line", "")), typed_filter(request.GET, "q")
    shown = {**project_page(person(request), found.project, "runs"), "run": found, "words": words, "chosen": line}
    if words:
        shown["found"] = search(found, words, _number(request.GET.get("before", "")))
        shown["count"] = output_line_count(found)
        return render(request, "projects/log.html", shown)
    page = newest_page(found) if line is None else page_from(found, max(0, line - 1), whole=line - 1)
    is_live = found.finished_at is None and line is None
    settled = page.lines[:-UNSETTLED] if is_live else page.lines
    live = _live(page.lines[len(settled) :], start=page.end, since=page.start) if is_live else {}
    shown |= {"page": page, "lines": settled, "is_live": is_live, "count": page.count, **live}
    return render(request, "projects/log.html", shown)


@require_safe
@login_required
def new_lines(request: HttpRequest, team: str, project: str, run: str) -> HttpResponse:
    """The lines of a live log from one on; nothing where nothing came. The last ones may change, and come again."""
    found = run_named(person(request), team, project, run)
    if "HX-Request" not in request.headers:
        return redirect("run_log", team, project, run)
    start, since = (_number(request.GET.get(name, "")) or 0 for name in ("from", "since"))
    newest = max(start, output_line_count(found) - PAGE_LINES)
    lines = [LogLine(number, stored) for number, stored in output_lines_from(found, newest, PAGE_LINES)]
    settled = lines[:-UNSETTLED] if found.finished_at is None else lines
    part = _live(lines[len(settled) :], start=lines[-1].number + 1 if lines else start, since=since)
    if found.finished_at is None and request.GET.get("seen") == part["digest"] and not settled:
        return HttpResponse(status=204)
    if newest - since > _MOST_GROWTH:
        return HttpResponse(headers={"HX-Refresh": "true"})
    shown = {"run": found, "team": found.project.team, "project": found.project, "is_live": found.finished_at is None}
    return render(request, "projects/_log_live.html", {**shown, "lines": settled, "skipped": newest - start, **part})


@require_safe
@login_required
def download(request: HttpRequest, team: str, project: str, run: str) -> StreamingHttpResponse:
    """All lines that are kept, as they came."""
    found: Run = run_named(person(request), team, project, run)
    lines = (f"{text}\n" for text in output_pieces(found))
    answer = StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{found.name}.log")
    return answer


def _live(unsettled: Sequence[LogLine], *, start: int, since: int) -> dict[str, object]:
    """Give the lines that may still change, where to go on, and what tells whether they did."""
    digest = str(crc32("\n".join(line.stored for line in unsettled).encode()))
    return {
        "unsettled": unsettled,
        "next": unsettled[0].number if unsettled else start,
        "since": since,
        "digest": digest,
    }


def _number(text: str) -> int | None:
    return int(text[:15]) if text.isascii() and text.isdigit() else None
