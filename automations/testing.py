"""Send a test of any action: the same request as a delivery, with sample values, and the answer at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from automations import action as actions
from automations import variables
from automations.action import Action, Occasion
from automations.outgoing import Outgoing, Packing, Unsendable
from automations.templating import TemplateError
from common.refusals import refuse
from common.registry import UnknownKey
from events import types
from events.models import Event
from events.types import EventType
from integrations.masking import MASK
from integrations.provider import Endpoint, Record, endpoints_of
from teams.models import Team

_WHY = "this is a test: nothing happened"
_NAME = "A test from Runbell"


def action_of(sent: Mapping[str, Any], team: Team, event: type[EventType] | None = None) -> Action:
    """Make an action of what is sent, as saving an automation would. Raises ValidationError by field."""
    try:
        kind = actions.registry.get(sent.get("type"))
    except UnknownKey as error:
        refuse("type", f"{error}.")
    params = {name: value for name, value in sent.items() if name != "type"}
    return kind(kind.checked(params, team=team, event=event.key if event else ""))


def send_test(action: Action, team: Team, event: type[EventType] | None = None) -> Record:
    """Do it now, with the samples of an event. Nothing is stored."""
    return ready(action, team, event)()


def ready(action: Action, team: Team, event: type[EventType] | None = None) -> Callable[[], Record]:
    """Gather what a test needs, and give what sends it: that touches no database."""
    outgoing, occasion = _outgoing(action, team), _sample(event)
    return lambda: outgoing.send(occasion, f"test_{uuid.uuid4().hex}")


def preview(action: Action, team: Team, event_type: type[EventType], event: Event | None = None) -> str:
    """Give the body as it would be sent, with secrets masked: for a past event, or for the samples. Sends nothing."""
    endpoint = endpoints_of([action.target]).get(action.target)
    if endpoint is None:
        refuse("type", "What it would be sent to is gone. Choose another.")
    try:
        return action.rendered(endpoint, _occasion(event_type, event), _masks(endpoint)).masked
    except TemplateError as error:
        refuse("payload", str(error))


def shown(record: Record) -> dict[str, Any]:
    """Give what a person sees of the test."""
    return {
        "ok": record.outcome.ok,
        "detail": record.outcome.detail,
        "seconds": round(record.seconds, 3),
        "request": record.request or None,
        "reply": record.reply,
    }


def _outgoing(action: Action, team: Team) -> Outgoing:
    try:
        return Packing(endpoints_of([action.target])).of_action(action, action.target, team.pk)
    except Unsendable as error:
        refuse("action", str(error))


def _masks(endpoint: Endpoint) -> dict[str, str]:
    return dict.fromkeys(endpoint.granted, MASK)


def _occasion(event_type: type[EventType], event: Event | None) -> Occasion:
    if event is None:
        return _sample(event_type)
    happening = event_type.happenings([event]).get(event.pk) if event.kind == event_type.kind else None
    if happening is None:
        refuse("event_id", f"The event {event.pk} is no {event_type.wire}, or what it was about is gone.")
    values = variables.values("A preview", event_type.key, happening, {})
    url = settings.RUNBELL_URL + happening.subject.url
    return Occasion(values, happening.subject.label, url, _WHY)


def _sample(event: type[EventType] | None) -> Occasion:
    keys = [event.key] if event else [one.key for one in types.registry]
    values: dict[str, object] = {}
    for key in keys:
        values |= {name: value for name, value in variables.samples(key).items() if name not in values or value}
    subject = str(values.get("run_name") or values.get("artifact_version_string") or "")
    return Occasion({**values, "automation_name": _NAME}, subject, settings.RUNBELL_URL, _WHY)
