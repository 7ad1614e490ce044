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

from common.pages.newest_first import newest
from operations.deletion.contents import in_words
from operations.deletion.deletable import registry
from operations.deletion.scheduling import deletion_numbered, deletions_of, schedule, undo
from teams.accounts.signed_in import person
from teams.sign_in.confirm_identity import asks_first


@require_safe
@login_required
def deletions(request: HttpRequest) -> HttpResponse:
    """What is being deleted, and what was, of what the person may delete."""
    page = newest(deletions_of(person(request)), request.GET.get("before", ""))
    shown = {"deletions": page.rows, "page": page, "kinds": registry.choices(), "place": "person"}
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


@require_POST
@login_required
def undo_deletion(request: HttpRequest, pk: int) -> HttpResponse:
    found = deletion_numbered(person(request), pk)
    try:
        undo(found, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%s is back.") % found.name)
    return redirect("deletions")
