"""Pages to link a version into a registry, and to unlink it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from artifacts import services as artifacts
from artifacts.models import Collection
from registries import services
from registries.access import registries_changeable_by
from registries.collection_frame import collection_page
from registries.forms import LinkForm
from teams.accounts.signed_in import person

_MOST_OFFERED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def link(request: HttpRequest, version: str, **names: str) -> HttpResponse:
    """Link a version of a project into a registry in which the person is a member."""
    user = person(request)
    place = collection_page(user, names, to_change=True)
    entry = place.entry(version)
    form = LinkForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            placed = services.link(
                entry.version, sent["registry"], sent["collection"], aliases=sent["aliases"], by=user
            )
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("%(version)s is linked.") % {"version": placed.entry})
            return redirect(placed.entry)
    offered = Collection.objects.filter(
        registry__in=registries_changeable_by(user), type=place.collection.type
    ).order_by("name")
    shown = {
        "collection": place.collection,
        "entry": entry,
        "form": form,
        "offered": sorted(set(offered.values_list("name", flat=True)[:_MOST_OFFERED])),
        "has_registries": registries_changeable_by(user).exists(),
    }
    status = 422 if form.errors else 200
    return render(request, "registries/link.html", {**place.frame, **shown}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def unlink(request: HttpRequest, version: str, **names: str) -> HttpResponse:
    """Take a version out of a registry's collection, once the person has said so twice."""
    place = collection_page(person(request), names, to_change=True)
    entry = place.entry(version)
    if request.method == "POST":
        try:
            artifacts.unlink(entry, by=person(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(entry)
        messages.success(request, _("%(version)s is unlinked.") % {"version": entry})
        return redirect(place.collection)
    lost = [
        _("%(version)s goes from this collection, with its aliases and tags here.") % {"version": f"v{entry.index}"},
        _("The version itself stays where it was made."),
    ]
    shown: dict[str, Any] = {"base": place.base, "collection": place.collection, "entry": entry, "lost": lost}
    return render(request, "registries/unlink.html", {**place.frame, **shown})


def _refuse(form: LinkForm, error: ValidationError) -> None:
    """Put what the services refuse to the field it is about, or above the form."""
    for name, texts in error.message_dict.items():
        field = name.partition(".")[0]
        form.add_error(field if field in form.fields else None, texts)
