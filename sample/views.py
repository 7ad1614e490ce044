"""Pages that remove the sample and hide the onboarding checklist."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sample import first_steps, services
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role
from teams.team_frame import team_page


@login_required
def sample(request: HttpRequest, team: str) -> HttpResponse:
    """Ask once, then clear the sample away."""
    found = team_named(person(request), team, Role.ADMIN)
    if "project" not in found.sample:
        raise Http404(_("The team %s has no sample.") % found)
    if request.method == "POST":
        services.remove_sample(found)
        messages.success(request, _("The sample is gone."))
        return redirect("team", found.name)
    return render(request, "sample/clear_sample.html", team_page(person(request), found))


@require_POST
@login_required
def hide_first_steps(request: HttpRequest, team: str) -> HttpResponse:
    found = team_named(person(request), team, Role.MEMBER)
    first_steps.hide(found)
    return redirect("team", found.name)
