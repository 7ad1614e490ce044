"""Deliver an execution again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from automations import redelivery, scopes
from automations.access import execution_numbered
from automations.views.found import way_back
from teams.models import Role
from teams.people import person


@require_POST
@login_required
def redeliver(request: HttpRequest, pk: int) -> HttpResponse:
    execution = execution_numbered(person(request), pk)
    scopes.require(person(request), execution.automation, Role.MEMBER)
    try:
        redelivery.redeliver(execution, by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is on its way again, with the same id and body."))
    return redirect(way_back(request, execution.get_absolute_url()))
