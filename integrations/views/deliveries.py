"""Pages of deliveries to an integration, newest first, and redelivery of all that failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from automations.access import executions_shown
from automations.definitions import former_names
from automations.delivery import redelivery
from automations.models import Attempt, Execution, ExecutionState
from common.pages.list_filters import ListFilter
from common.pages.newest_first import newest
from integrations.access import integration_named, kind_named
from integrations.kind import Kind
from outbound.provider import receivers_of
from teams.accounts.signed_in import person
from teams.models import Role
from teams.team_frame import team_page

_OFFERED = timedelta(days=1)


class SinceForm(forms.Form):
    # Without its seconds: a browser's field has none.
    since = forms.DateTimeField(
        label=gettext_lazy("Failed since"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": gettext_lazy("Say since when."), "invalid": gettext_lazy("That is no time.")},
    )

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        # So near the beginning or the end of time that it has no place in another zone.
        if not 1 < since.year < 9999:
            raise ValidationError(_("That is no time."))
        return since


@require_safe
@login_required
def deliveries(request: HttpRequest, team: str, kind: str, name: str) -> HttpResponse:
    of_kind = kind_named(kind)
    return _page(request, of_kind, integration_named(person(request), team, of_kind, name, Role.VIEWER))


@require_POST
@login_required
def redeliver(request: HttpRequest, team: str, kind: str, name: str) -> HttpResponse:
    of_kind = kind_named(kind)
    return _redelivered(request, of_kind, integration_named(person(request), team, of_kind, name, Role.ADMIN))


def _page(request: HttpRequest, kind: type[Kind], row: Any, form: SinceForm | None = None) -> HttpResponse:
    key = kind.key_of(row)
    states = ListFilter.of(request.GET, "state", _("Every state"), ExecutionState.choices, former=former_names.STATES)
    page = newest(_deliveries(kind, row, states.chosen), request.GET.get("before", ""))
    context = {
        **team_page(person(request), row.team),
        "place": "integrations",
        "kind": kind,
        "row": row,
        "home": kind.home(row),
        "disabled_reason": receivers_of([key])[key].disabled_reason,
        "page": page,
        "rows": [(row, redelivery.may_go_again(row), _last_attempt(row)) for row in page.rows],
        "filters": [states],
        "is_filtered": bool(states.chosen),
        "form": form or SinceForm(initial={"since": timezone.localtime() - _OFFERED}),
        "has_failed": executions_shown().filter(receiver_key=key, state=ExecutionState.FAILED).exists(),
    }
    return render(request, "integrations/deliveries.html", context, status=422 if form else 200)


def _deliveries(kind: type[Kind], integration: Any, state: str) -> QuerySet[Execution]:
    mine = executions_shown().filter(receiver_key=kind.key_of(integration), team=integration.team)
    rows = mine.select_related("automation")
    # What was sent and answered may be long, and stands on the page of each.
    attempts = Attempt.objects.defer("request", "reply")
    rows = rows.defer("kept_variables", "kept_action").prefetch_related(Prefetch("attempts", attempts))
    return rows.filter(state=state) if state else rows


def _last_attempt(row: Execution) -> Attempt | None:
    attempts = list(row.attempts.all())
    return attempts[-1] if attempts else None


def _redelivered(request: HttpRequest, kind: type[Kind], row: Any) -> HttpResponse:
    form = SinceForm(request.POST)
    if not form.is_valid():
        return _page(request, kind, row, form)
    try:
        count = redelivery.redeliver_failed(kind.key_of(row), form.cleaned_data["since"], by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = ngettext("%d delivery is on its way again.", "%d deliveries are on their way again.", count) % count
        messages.success(request, said if count else _("Nothing has failed since then."))
    return redirect(f"{kind.home(row)}/deliveries")
