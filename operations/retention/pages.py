"""The page in Team settings where its admins say for how many days a team keeps what grows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from operations.retention.days_form import TeamDaysForm
from operations.retention.team_days import set_days
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def team_retention(request: HttpRequest, team: str) -> HttpResponse:
    """Show the days; say what would go with those that are typed; and once that was seen, set them."""
    found = access.team_named(person(request), team, Role.ADMIN)
    form = TeamDaysForm(found, request.POST if request.method == "POST" else None)
    shown: dict[str, Any] = {"form": form, "team": found, "place": "settings", "due": None}
    if request.method == "POST" and form.is_valid():
        if request.POST.get("confirmed"):
            set_days(found, form.cleaned_data, by=person(request))
            messages.success(request, _("Saved. What is older goes within the hour."))
            return redirect("team_retention", found.name)
        shown["due"] = form.due_rows()
    shown["errors"] = [
        {"label": str(form.fields[key].label), "text": " ".join(map(str, said)), "target": f"id_{key}"}
        for key, said in form.errors.items()
    ]
    return render(request, "operations/team_retention.html", shown, status=422 if form.errors else 200)
