"""The redeliver button of an execution."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from automations.access import execution_numbered
from automations.definitions import scopes
from automations.delivery import redelivery
from automations.views.page_context import way_back
from teams.accounts.signed_in import person
from teams.models import Role


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
