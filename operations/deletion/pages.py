"""Pages: what is being deleted, with undo; and the one that lists what goes and asks for the name."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.data.strict_json import storable
from common.pages.newest_first import newest
from operations.deletion.contents import in_words
from operations.deletion.deletable import registry
from operations.deletion.scheduling import deletion_numbered, deletions_of, schedule, undo
from operations.deletion.several_runs import SelectedRuns, counts_together, undo_together
from teams.accounts.signed_in import person
from teams.sign_in.confirm_identity import asks_first


@require_safe
@login_required
def deletions(request: HttpRequest) -> HttpResponse:
    """What is being deleted, and what was, of what the person may delete."""
    page = newest(deletions_of(person(request)), request.GET.get("before", ""))
    together = counts_together(page.rows)
    shown = {
        "deletions": [(one, together.get(one.pk, 0)) for one in page.rows], "page": page,
        "kinds": registry.choices(), "place": "person",
    }  # fmt: skip
    return render(request, "operations/deletions.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def delete(request: HttpRequest) -> HttpResponse:
    """List what goes with the thing that the address names, and delete it once its name is typed."""
    if request.GET.get("kind", "") not in registry:
        raise Http404(_("Nothing of this kind can be deleted here."))
    kind, by = registry.get(request.GET["kind"]), person(request)
    try:
        row, refused = kind.find(by, request.GET.get("name", "")), ""
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("deletions")
    if request.method == "POST":
        try:
            deletion = schedule(kind, row, confirmed=request.POST.get("confirm", ""), by=by)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("%s is hidden, and will be deleted. Here it can be undone.") % deletion.name)
            return redirect("deletions")
    shown = {
        "kind": kind, "name": kind.name_of(row), "contents": in_words(kind.contents(row)), "refused": refused,
        "days": settings.DELETION_GRACE_DAYS, "place": "person",
    }  # fmt: skip
    return render(request, "operations/delete.html", shown, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def delete_runs(request: HttpRequest) -> HttpResponse:
    """List what goes with the runs that were selected, and delete them once it is confirmed how many they are."""
    by, project, refused = person(request), storable(request.GET.get("project", "")), ""
    try:
        selected = SelectedRuns.find(by, project, map(storable, request.GET.getlist("run")))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("runs", *project.split("/", 1))
    if request.method == "POST":
        try:
            made = selected.schedule(confirmed=request.POST.get("confirm", ""), by=by)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            said = _("%d runs are hidden, and will be deleted. Here it can be undone.") % len(made)
            messages.success(request, said)
            return redirect("deletions")
    shown = {
        "selected": selected, "contents": in_words(selected.contents), "refused": refused,
        "days": settings.DELETION_GRACE_DAYS, "place": "person",
    }  # fmt: skip
    return render(request, "operations/delete_runs.html", shown, status=422 if refused else 200)


@require_POST
@login_required
def undo_deletion(request: HttpRequest, pk: int) -> HttpResponse:
    found = deletion_numbered(person(request), pk)
    try:
        if request.POST.get("together"):
            back = undo_together(found, by=person(request))
        else:
            back = [undo(found, by=person(request))]
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        one, several = _("%s is back.") % found.name, _("%d runs are back.") % len(back)
        messages.success(request, one if len(back) == 1 else several)
    return redirect("deletions")
