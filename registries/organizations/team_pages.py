"""Page of a team's name, and archiving it. For its admins, and those of its organization."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registries.organizations import services
from registries.organizations.forms import PlaceNameForm
from teams.access import administered_though_archived, may, role_in
from teams.accounts.signed_in import person
from teams.models import Role
from teams.people.people_page import settings_tabs
from teams.sign_in.confirm_identity import asks_first


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_first
def team_name(request: HttpRequest, team: str) -> HttpResponse:
    """What the team is called, and whether it is archived."""
    user = person(request)
    found = administered_though_archived(user, team)
    form = PlaceNameForm(request.POST or None, initial={"name": found.name}, label_suffix="")
    if form.is_valid():
        try:
            changed = services.change_team(found, {"name": form.cleaned_data["name"]}, by=user)
        except ValidationError as error:
            form.add_error("name", error.messages)
        else:
            messages.success(request, _("It is called %s now; the old name leads here.") % changed.name)
            return redirect("team_name", changed.name)
    shown = {
        "team": found, "form": form, "place": "settings", "is_on_it": role_in(user, found) is not None,
        **(settings_tabs(request) if may(user, found, Role.ADMIN) else {}),
    }  # fmt: skip
    return render(request, "registries/organizations/team_name.html", shown, status=422 if form.errors else 200)


@require_POST
@login_required
def archive_team(request: HttpRequest, team: str) -> HttpResponse:
    found = administered_though_archived(person(request), team)
    archived = request.POST.get("archived") == "yes"
    try:
        services.change_team(found, {"archived": archived}, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%s is archived.") % found if archived else _("%s is back.") % found)
    return redirect("team_name", found.name)
