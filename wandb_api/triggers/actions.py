"""Actions between the SDK's words and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from automations import action as actions
from automations.actions.send_webhook import default_payload
from automations.models import Automation
from common.json import read
from common.refusals import quoted, refuse
from common.registry import UnknownKey
from integrations.models import SlackChannel, Webhook
from teams.models import User
from wandb_api.triggers.integrations import Integration, id_of, integration_by_id

Sent = Mapping[str, Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """How one of our actions is said: what it is called when sent and when handed out, and what it goes to.

    `read` gives parameters for a Draft. `shown` gives what is said beside the integration, which may be gone.
    """

    config: str
    typename: str
    uses: type[Integration] | None
    read: Callable[[Sent], Values]
    shown: Callable[[Automation, Any], Values]


@dataclass(frozen=True)
class Asked:
    """An action as it was sent, readable for a Draft."""

    uses: Integration | None
    params: Values


def asked(user: User, name: str, config: Sent) -> Asked:
    """Read an action; 404 for an integration that the person cannot see."""
    wire, sent = _WIRES[_known(name)], _inner(name, config)
    uses = integration_by_id(user, wire.uses, sent["integrationID"]) if wire.uses else None
    kind = next(kind for kind in actions.registry if kind.wire == name)
    field = {Webhook: "webhook", SlackChannel: "channel"}
    goes_to = {field[type(uses)]: uses.name} if uses else {}
    return Asked(uses, {"type": kind.key, **goes_to, **wire.read(sent)})


def shown(automation: Automation, integration: Integration | None) -> Values:
    """Give the action as it is handed out: what the SDK has no words for is there an action that does nothing."""
    wire = _WIRES[_name(automation)]
    said = {"__typename": wire.typename, **wire.shown(automation, integration)}
    if wire.uses is None:
        return said
    # One that was deleted still has its number: the automation that used it can be read.
    return {**said, "integration": integration or wire.uses(pk=int(automation.target.partition(":")[2]))}


def is_as_shown(automation: Automation, integration: Integration | None, name: str, config: Sent) -> bool:
    """Say whether an action came back as it was handed out."""
    if _known(name) != _name(automation):
        return False
    sent, given = _inner(name, config), shown(automation, integration)
    if _WIRES[name].uses is None:
        return True
    given.pop("__typename")
    same_place = sent["integrationID"] == id_of(given.pop("integration"))
    return same_place and all(_plain(sent.get(key)) == _plain(value) for key, value in given.items())


def _name(automation: Automation) -> str:
    try:
        wire = actions.registry.get(automation.action_type).wire
    except UnknownKey:
        wire = ""
    return wire if wire in _WIRES else "NO_OP"


def _known(name: str) -> str:
    if name not in _WIRES:
        refuse("triggeredActionType", f"{quoted(name)} is no action here. Choose one of: {', '.join(_WIRES)}.")
    return name


def _inner(name: str, config: Sent) -> Sent:
    sent = config.get(_WIRES[name].config)
    if not isinstance(sent, Mapping):
        refuse("triggeredActionConfig", f"An action {name} needs {_WIRES[name].config}.")
    return sent


def _payload(automation: Automation, webhook: Webhook | None) -> Values:
    """Give an object's text. The SDK can read nothing else, and says nothing for the webhook's own default."""
    payload = automation.action.get("payload", "")
    is_default = webhook is not None and payload == default_payload(webhook)
    return {"requestPayload": payload if not is_default and isinstance(_plain(payload), dict) else None}


def _plain(value: Any) -> Any:
    """Read JSON in a text: the SDK sends the same object in its own spacing."""
    try:
        return read(value) if isinstance(value, str) and value.startswith("{") else value
    except ValueError:
        return value


_WIRES = {
    "GENERIC_WEBHOOK": Wire(
        "genericWebhookActionInput",
        "GenericWebhookTriggeredAction",
        Webhook,
        lambda sent: {"payload": sent.get("requestPayload") or ""},
        _payload,
    ),
    "NOTIFICATION": Wire(
        "notificationActionInput",
        "NotificationTriggeredAction",
        SlackChannel,
        lambda sent: {
            "title": sent.get("title") or "",
            "text": sent.get("message") or "",
            "severity": sent.get("severity") or "INFO",
        },
        lambda automation, _: {
            "title": automation.action.get("title", ""),
            "message": automation.action.get("text", ""),
            "severity": automation.action.get("severity", "INFO"),
        },
    ),
    "NO_OP": Wire("noOpActionInput", "NoOpTriggeredAction", None, lambda _: {}, lambda *_: {"noOp": True}),
}  # fmt: skip
