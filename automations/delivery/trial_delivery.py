"""Send a test of any action: the same request as a delivery, with sample values, and the answer at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from automations.actions import action as actions
from automations.actions.action import Action
from automations.delivery import sample_delivery_limits
from automations.delivery.preparing import DeliveryPreparation, PreparedMessage, Unsendable
from automations.messages import delivery_variables, run_log, variables
from automations.messages.context import MessageContext
from automations.messages.templating import TemplateError
from common.data.validation_errors import refuse
from common.own_addresses import absolute
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from events.models import Event
from outbound.masking import MASK
from outbound.provider import Receiver, Record, receivers_of
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
    """Do it now, with the samples of an event. Nothing is stored. Raises TooManyRequests."""
    return ready(action, team, event)()


def ready(action: Action, team: Team, event: type[EventType] | None = None) -> Callable[[], Record]:
    """Gather what a test needs, and give what sends it: that touches no database. Raises TooManyRequests."""
    outgoing, context = _outgoing(action, team), _sample(event)
    # What cannot be sent costs none.
    sample_delivery_limits.count(team)
    return lambda: outgoing.send(context, f"test_{uuid.uuid4().hex}")


def preview(action: Action, team: Team, event_type: type[EventType], event: Event | None = None) -> str:
    """Give the body as it would be sent, with secrets masked: for a past event, or for the samples. Sends nothing."""
    receiver = receivers_of([action.receiver_key]).get(action.receiver_key)
    if receiver is None:
        refuse("type", "What it would be sent to is gone. Choose another.")
    try:
        masks = _masks(receiver) if receiver.team_id == team.pk else {}
        return action.rendered(receiver, _message_context(event_type, event, action, team), masks).masked
    except TemplateError as error:
        refuse("payload", str(error))


def result_of_test(record: Record) -> dict[str, Any]:
    """Give what a person sees of the test."""
    return {
        "ok": record.outcome.ok,
        "detail": record.outcome.detail,
        "seconds": round(record.seconds, 3),
        "request": record.request or None,
        "reply": record.reply,
    }


def _outgoing(action: Action, team: Team) -> PreparedMessage:
    try:
        return DeliveryPreparation(receivers_of([action.receiver_key])).of_action(action, team)
    except Unsendable as error:
        refuse("action", str(error))


def _masks(receiver: Receiver) -> dict[str, str]:
    return dict.fromkeys(receiver.granted, MASK)


def _message_context(event_type: type[EventType], event: Event | None, action: Action, team: Team) -> MessageContext:
    if event is None:
        return _sample(event_type)
    context = event_type.contexts([event]).get(event.pk) if event.kind == event_type.kind else None
    if context is None:
        refuse("event_id", f"The event {event.pk} is no {event_type.wire}, or what it was about is gone.")
    samples = {variable.name: variable.sample for variable in delivery_variables.VARIABLES}
    log = run_log.values(action.params, context, event_type.key, team.pk)
    values = {**variables.values("A preview", event_type.key, context, {}), **samples, **log}
    url = absolute(context.subject.url)
    return MessageContext(values, context.subject.label, url, _WHY)


def _sample(event: type[EventType] | None) -> MessageContext:
    keys = [event.key] if event else [one.key for one in event_types.registry]
    values: dict[str, object] = {}
    for key in keys:
        values |= {name: value for name, value in variables.samples(key).items() if name not in values or value}
    subject = str(values.get("run_name") or values.get("artifact_version_string") or "")
    return MessageContext({**values, "automation_name": _NAME}, subject, settings.RUNBELL_URL, _WHY)
