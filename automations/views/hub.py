"""The hub: every automation a person can see, whatever its scope."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from automations.access import automation_numbered, automations_of
from automations.definitions.services import set_enabled
from automations.views.list_filters import filtered_automations
from automations.views.page_context import way_back
from teams.accounts.signed_in import person
from teams.models import Role

_OFFERED = ("team", "scope", "event", "action", "state", "last")


@require_safe
@login_required
def hub(request: HttpRequest) -> HttpResponse:
    shown = filtered_automations(request, automations_of(person(request)), _OFFERED)
    return render(request, "automations/hub.html", {**shown, "place": "hub", "with_scope": True})


@require_POST
@login_required
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn an automation of any scope on or off: the switch in lists. A part of the page gets the switch anew."""
    automation = automation_numbered(person(request), pk, Role.MEMBER)
    set_enabled(automation, request.POST.get("enabled") == "on")
    said = _("“%s” listens again.") if automation.enabled else _("“%s” is off: nothing fires until it is on again.")
    messages.success(request, said % automation.name)
    if "HX-Request" in request.headers:
        return render(request, "automations/_toggle.html", {"automation": automation, "may_switch": True})
    return redirect(way_back(request, automation.get_absolute_url()))
