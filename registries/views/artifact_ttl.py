"""Page of a team's time to live of versions (artifact TTL): its default, and who may set another. For its admins."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from artifacts.time_to_live import policy_of, set_policy
from registries.forms import TimeToLiveForm
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def artifact_ttl(request: HttpRequest, team: str) -> HttpResponse:
    found = team_named(person(request), team, Role.ADMIN)
    form = TimeToLiveForm(
        request.POST if request.method == "POST" else None,
        initial=TimeToLiveForm.initial_of(policy_of(found)),
        label_suffix="",
    )
    if form.is_valid():
        set_policy(
            found,
            default_seconds=form.cleaned_data["default_seconds"],
            members_may_set=form.cleaned_data["members_may_set"],
            by=person(request),
        )
        messages.success(request, _("The time to live of artifacts is changed."))
        return redirect("artifact_ttl", team)
    shown = {"team": found, "form": form, "place": "settings"}
    return render(request, "registries/artifact_ttl.html", shown, status=422 if form.is_bound else 200)
