"""Page of an organization's two-factor sign-in: whether it is required, and who has a second factor. For its admins."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registries.access import administered_organization
from teams.accounts.signed_in import person
from teams.sign_in.two_factor.requirement import people_with_factors, require_two_factor


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization_two_factor(request: HttpRequest, organization: str) -> HttpResponse:
    found = administered_organization(person(request), organization)
    if request.method == "POST":
        require_two_factor(found, request.POST.get("required") == "yes", by=person(request))
        messages.success(request, _("Saved."))
        return redirect("organization_two_factor", organization)
    shown = {"organization": found, "people": people_with_factors(found), "place": "person"}
    return render(request, "registries/organization_two_factor.html", shown)
