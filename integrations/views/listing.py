"""The integrations of a team, by kind, and a test of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from automations.definitions.sharing import uses_from
from automations.delivery import trial_delivery
from automations.models import Automation
from events import event_types
from integrations.access import integration_named, kind_named
from integrations.kind import Kind, in_order
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role, Team
from teams.team_frame import team_page


@dataclass(frozen=True)
class Row:
    """An integration in the list."""

    kind: type[Kind]
    integration: Any
    users: list[Automation]
    # Those of other teams.
    others: list[Automation]

    @property
    def where(self) -> str:
        return self.kind.where(self.integration)


@dataclass(frozen=True)
class KindSection:
    """The integrations of one kind, and the page in team settings where one is added."""

    kind: type[Kind]
    rows: list[Row]
    # Whether other teams may use them.
    shares: bool

    @property
    def add_page(self) -> str:
        return self.kind.settings_page("add")


@require_safe
@login_required
def integrations(request: HttpRequest, team: str) -> HttpResponse:
    its_team = team_named(person(request), team)
    users, others = _users(its_team), _by_receiver(uses_from(its_team))
    sections = [
        KindSection(
            kind,
            [Row(kind, row, users[kind.key_of(row)], others[kind.key_of(row)]) for row in _rows_of(kind, its_team)],
            kind.provider().shares(its_team.pk),
        )
        for kind in in_order()
    ]
    return render(request, "integrations/list.html", {**_page(request, its_team), "sections": sections})


@login_required
def test(request: HttpRequest, team: str, kind: str, name: str) -> HttpResponse:
    """Send one request as a delivery would, now, and show what went out and came back."""
    of_kind = kind_named(kind)
    row = integration_named(person(request), team, of_kind, name, Role.ADMIN)
    form = of_kind.TestForm(request.POST if request.method == "POST" else None, use_required_attribute=False)
    form.begin(row)
    context = {**_page(request, row.team), "kind": of_kind, "row": row, "form": form, "sent": None}
    if form.is_bound and form.is_valid():
        context["sent"] = _sent(of_kind, row, form)
    return render(request, of_kind.test_template, context)


def _page(request: HttpRequest, team: Team) -> dict[str, Any]:
    return {**team_page(person(request), team), "place": "integrations"}


def _rows_of(kind: type[Kind], team: Team) -> Any:
    return kind.rows().filter(team=team).order_by("name")


def _sent(kind: type[Kind], row: Any, form: forms.Form) -> dict[str, object] | None:
    """Give what was sent and answered; None where it was refused, and the form says why."""
    chosen = form.cleaned_data.get("event")
    event = event_types.registry.get(chosen) if chosen else event_types.by_wire_name("RUN_STATE")
    try:
        action = kind.test_action(row, form.cleaned_data, event)
        return trial_delivery.result_of_test(trial_delivery.send_test(action, row.team, event))
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _users(team: Team) -> Mapping[str, list[Automation]]:
    """Give the automations that send to each integration."""
    listening = Automation.objects.filter(team=team, deleted_at__isnull=True).exclude(receiver_key="")
    return _by_receiver(listening.select_related("project__team").order_by("name"))


def _by_receiver(automations: Iterable[Automation]) -> Mapping[str, list[Automation]]:
    users: dict[str, list[Automation]] = defaultdict(list)
    for automation in automations:
        users[automation.receiver_key].append(automation)
    return users
