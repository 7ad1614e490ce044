"""Pages of registries: the list, one registry's collections, its members."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from artifacts.models import Registry
from common.data.lookup import row_or_404
from registries import access, services
from registries.forms import MemberForm
from registries.models import RegistryRole
from registries.registry_frame import registry_page
from registries.views.collections import collection_list
from teams.accounts.signed_in import person

_MOST_MEMBERS = 500
_SETTERS = {"person": services.set_role_of_user, "team": services.set_role_of_team}


@require_safe
@login_required
def registries(request: HttpRequest) -> HttpResponse:
    """The registries of every organization the person is in."""
    there = Count("collections", filter=Q(collections__deletion=None), distinct=True)
    rows = access.registries_of(person(request)).annotate(collection_count=there)
    shown = {"registries": rows.order_by("organization__name", "name"), "place": "registries"}
    return render(request, "registries/list.html", shown)


@require_safe
@login_required
def registry(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    """The collections of one registry."""
    there = access.registry_named(person(request), organization, registry)
    frame = registry_page(person(request), there, "registry")
    return render(request, "registries/registry.html", {**frame, **collection_list(request, there)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def members(request: HttpRequest, organization: str, registry: str) -> HttpResponse:
    """Who has which role in a registry. Its admins change it."""
    changes = request.method == "POST"
    least = RegistryRole.ADMIN if changes else RegistryRole.RESTRICTED_VIEWER
    there = access.registry_named(person(request), organization, registry, least)
    form = MemberForm(request.POST if changes and "remove" not in request.POST else None)
    if changes and _changed(request, there, form):
        return redirect("registry_members", organization, registry)
    seen = access.members_seen_by(person(request), there)
    rows = seen.order_by("team__name", "user__username")[:_MOST_MEMBERS]
    shown = {**registry_page(person(request), there, "registry_members"), "members": rows, "form": form}
    return render(request, "registries/members.html", shown, status=422 if form.errors else 200)


def _changed(request: HttpRequest, registry: Registry, form: MemberForm) -> bool:
    if "remove" in request.POST:
        number = request.POST["remove"]
        member = row_or_404(registry.members.all(), "such member", pk=int(number[:18]) if number.isdigit() else 0)
        services.remove_member(member)
        messages.success(request, _("%s has no role here any more.") % (member.user or member.team))
        return True
    if not form.is_valid():
        return False
    sent = form.cleaned_data
    try:
        member = _SETTERS[sent["kind"]](registry, sent["name"].strip(), sent["role"])
    except ValidationError as error:
        form.add_error("name", error.messages)
        return False
    messages.success(
        request, _("%(who)s: %(role)s") % {"who": member.user or member.team, "role": member.get_role_display()}
    )
    return True
