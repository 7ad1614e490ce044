"""What was delivered to a webhook or a Slack channel, newest first; and all that failed, once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from automations import redelivery
from automations.models import Attempt, Execution, State
from common.filters import Choice
from common.finding import found
from common.pages import newest
from integrations.models import SlackChannel, Webhook
from integrations.providers import slack
from integrations.providers import webhook as webhooks
from teams.access import team_named
from teams.models import Role, Team
from teams.pages import team_page
from teams.people import person

_OFFERED = timedelta(days=1)


@dataclass(frozen=True)
class Receiver:
    """Where deliveries go. `home` is the address of its pages."""

    team: Team
    name: str
    noun: str | Promise
    target: str
    disabled_reason: str
    home: str


class SinceForm(forms.Form):
    # Without its seconds: a browser's field has none.
    since = forms.DateTimeField(
        label=gettext_lazy("Failed since"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": gettext_lazy("Say since when."), "invalid": gettext_lazy("That is no time.")},
    )


@require_safe
@login_required
def of_webhook(request: HttpRequest, team: str, name: str) -> HttpResponse:
    return _page(request, _webhook(team_named(person(request), team), name))


@require_safe
@login_required
def of_slack(request: HttpRequest, team: str, name: str) -> HttpResponse:
    return _page(request, _channel(team_named(person(request), team), name))


@require_POST
@login_required
def redeliver_webhook(request: HttpRequest, team: str, name: str) -> HttpResponse:
    return _redelivered(request, _webhook(team_named(person(request), team, Role.ADMIN), name))


@require_POST
@login_required
def redeliver_slack(request: HttpRequest, team: str, name: str) -> HttpResponse:
    return _redelivered(request, _channel(team_named(person(request), team, Role.ADMIN), name))


def _webhook(team: Team, name: str) -> Receiver:
    one = found(Webhook.objects.filter(team=team), f"webhook {name!r} in the team {team.name}", name=name)
    endpoint, home = webhooks.endpoint_of(one), f"{team.get_absolute_url()}/webhooks"
    return Receiver(team, one.name, _("Webhook"), endpoint.key, endpoint.disabled_reason, home)


def _channel(team: Team, name: str) -> Receiver:
    one = found(SlackChannel.objects.filter(team=team), f"Slack channel {name!r} in the team {team.name}", name=name)
    endpoint, home = slack.endpoint_of(one), f"{team.get_absolute_url()}/slack"
    return Receiver(team, one.name, _("Slack channel"), endpoint.key, endpoint.disabled_reason, home)


def _page(request: HttpRequest, receiver: Receiver, form: SinceForm | None = None) -> HttpResponse:
    states = Choice.of(request.GET, "state", _("Every state"), State.choices)
    page = newest(_deliveries(receiver, states.chosen), request.GET.get("before", ""))
    context = {
        **team_page(person(request), receiver.team),
        "place": "webhooks",
        "receiver": receiver,
        "page": page,
        "rows": [(row, redelivery.may_go_again(row), _last_attempt(row)) for row in page.rows],
        "filters": [states],
        "is_filtered": bool(states.chosen),
        "form": form or SinceForm(initial={"since": timezone.localtime() - _OFFERED}),
        "has_failed": Execution.objects.filter(target=receiver.target, state=State.FAILED).exists(),
    }
    return render(request, "automations/deliveries.html", context, status=422 if form else 200)


def _deliveries(receiver: Receiver, state: str) -> QuerySet[Execution]:
    rows = Execution.objects.filter(target=receiver.target, team=receiver.team).select_related("automation")
    # What was sent and answered may be long, and stands on the page of each.
    attempts = Attempt.objects.defer("request", "reply")
    rows = rows.defer("variables", "action").prefetch_related(Prefetch("attempts", attempts))
    return rows.filter(state=state) if state else rows


def _last_attempt(row: Execution) -> Attempt | None:
    attempts = list(row.attempts.all())
    return attempts[-1] if attempts else None


def _redelivered(request: HttpRequest, receiver: Receiver) -> HttpResponse:
    form = SinceForm(request.POST)
    if not form.is_valid():
        return _page(request, receiver, form)
    try:
        count = redelivery.redeliver_failed(receiver.target, form.cleaned_data["since"], by=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = ngettext("%d delivery is on its way again.", "%d deliveries are on their way again.", count) % count
        messages.success(request, said if count else _("Nothing has failed since then."))
    return redirect(f"{receiver.home}/{quote(receiver.name)}/deliveries")
