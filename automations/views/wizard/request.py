"""The wizard request: which scope, which event, and what was typed so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _

from automations.definitions import scope_type, scopes
from automations.definitions.scope_type import ScopePlace
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from teams.accounts.signed_in import person
from teams.audit import actor
from teams.models import Role, Team


@dataclass(frozen=True)
class WizardRequest:
    """A scope with the teams whose integrations and secrets an action may use; none where the scope is a team's."""

    place: ScopePlace
    teams: list[Team]


def place_asked(request: HttpRequest, sent: Mapping[str, Any] | None = None) -> WizardRequest:
    """Find the scope that the form or the address names, for somebody who may make automations there.

    Raises Http404 and PermissionDenied, and ValidationError where the name is written in another way.
    """
    named = dict(sent or scope_in(request))
    if not named:
        raise Http404(_("Say where the automation listens."))
    teams = scopes.acting_teams(person(request), named)
    if teams:
        wanted = _value(request, "team")
        named["team"] = next((team.name for team in teams if team.name == wanted), teams[0].name)
    elif scope_type.registry.get(named["type"]).shared:
        actor.note_denial()
        raise Http404(_("There is no scope %(name)s here, or you are in none of its teams.") % {"name": named["name"]})
    return WizardRequest(scopes.find(person(request), named, Role.MEMBER), teams)


def scope_in(request: HttpRequest) -> dict[str, str]:
    """Give the scope in the words of REST; an empty one where none is named."""
    kind, name = _value(request, "scope"), _value(request, "in")
    return {"type": kind, "name": name} if kind in scope_type.registry and name else {}


def event_asked(data: QueryDict) -> type[EventType] | None:
    """Give the event that was chosen just now, or before."""
    try:
        return event_types.by_wire_name(data.get("choose") or data.get("event") or "")
    except UnknownKey:
        return None


def _value(request: HttpRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name, "")
