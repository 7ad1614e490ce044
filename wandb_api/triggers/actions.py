"""Action translation between the SDK's wire format and our parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from automations.actions import action as actions
from automations.definitions.sharing import name_for
from automations.models import Automation
from common.data.strict_json import read
from common.data.validation_errors import quoted, refuse
from common.data.value_count import has_too_many_containers
from common.plugins import UnknownKey
from integrations.kind import Kind
from integrations.kind import registry as kinds
from integrations.models import Integration
from integrations.webhook.action import default_payload
from teams.models import Team, User
from wandb_api.triggers.integrations import id_of, integration_by_id

Sent = Mapping[str, Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class ActionFormat:
    """The wire format of an action: what it is called when sent and when handed out, and what it goes to.

    `uses` is the key of the kind it sends through. `read` gives parameters for an AutomationDraft. `write` gives what
    stands beside the integration, which may be gone.
    """

    config: str
    typename: str
    uses: str
    read: Callable[[Sent], Values]
    write: Callable[[Automation, Any], Values]


@dataclass(frozen=True)
class RequestedAction:
    """An action as it was sent, readable for an AutomationDraft."""

    uses: Integration | None
    params: Values
    names_by: str = ""

    def named_for(self, team: Team) -> Values:
        """Give the parameters as this team says them: what is another team's is called by that too."""
        if self.uses is None or self.uses.team_id == team.pk:
            return self.params
        return {**self.params, self.names_by: name_for(self.uses.team, self.uses.name)}


def read_action(user: User, name: str, config: Sent) -> RequestedAction:
    """Read an action; 404 for an integration that the person cannot see."""
    form, sent = _FORMATS[_known(name)], _inner(name, config)
    uses = integration_by_id(user, kinds.get(form.uses), sent["integrationID"]) if form.uses else None
    action = next(action for action in actions.registry if action.wire == name)
    goes_to = {action.names_by: uses.name} if uses else {}
    return RequestedAction(uses, {"type": action.key, **goes_to, **form.read(sent)}, action.names_by)


def sdk_action(automation: Automation, integration: Integration | None) -> Values:
    """Give the action as it is handed out: what the SDK has no words for is there an action that does nothing."""
    form = _FORMATS[_name(automation)]
    said = {"__typename": form.typename, **form.write(automation, integration)}
    if not form.uses:
        return said
    return {**said, "integration": integration or _deleted(kinds.get(form.uses), automation)}


def _deleted(kind: type[Kind], automation: Automation) -> Any:
    """One that was deleted still has its number: the automation that used it can be read."""
    return kind.rows().model(pk=int(automation.receiver_key.partition(":")[2]), team_id=automation.team_id)


def is_unchanged(automation: Automation, integration: Integration | None, name: str, config: Sent) -> bool:
    """Say whether an action came back as it was handed out."""
    if _known(name) != _name(automation):
        return False
    sent, given = _inner(name, config), sdk_action(automation, integration)
    if not _FORMATS[name].uses:
        return True
    given.pop("__typename")
    same_place = sent["integrationID"] == id_of(given.pop("integration"))
    return same_place and all(_plain(sent.get(key)) == _plain(value) for key, value in given.items())


def _name(automation: Automation) -> str:
    try:
        wire = actions.registry.get(automation.action_type).wire
    except UnknownKey:
        wire = ""
    return wire if wire in _FORMATS else "NO_OP"


def _known(name: str) -> str:
    if name not in _FORMATS:
        refuse("triggeredActionType", f"{quoted(name)} is no action here. Choose one of: {', '.join(_FORMATS)}.")
    return name


def _inner(name: str, config: Sent) -> Sent:
    sent = config.get(_FORMATS[name].config)
    if not isinstance(sent, Mapping):
        refuse("triggeredActionConfig", f"An action {name} needs {_FORMATS[name].config}.")
    return sent


def _payload(automation: Automation, webhook: Any) -> Values:
    """Give an object's text. The SDK can read nothing else, and says nothing for the webhook's own default."""
    payload = automation.action.get("payload", "")
    is_default = webhook is not None and payload == default_payload(webhook)
    return {"requestPayload": payload if not is_default and isinstance(_plain(payload), dict) else None}


def _plain(value: Any) -> Any:
    """Read JSON in a text: the SDK sends the same object in its own spacing."""
    try:
        is_json = isinstance(value, str) and value.startswith("{") and not has_too_many_containers(value)
        return read(value) if is_json else value
    except ValueError:
        return value


_FORMATS = {
    "GENERIC_WEBHOOK": ActionFormat(
        "genericWebhookActionInput",
        "GenericWebhookTriggeredAction",
        "webhook",
        lambda sent: {"payload": sent.get("requestPayload") or ""},
        _payload,
    ),
    "NOTIFICATION": ActionFormat(
        "notificationActionInput",
        "NotificationTriggeredAction",
        "slack",
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
    "NO_OP": ActionFormat("noOpActionInput", "NoOpTriggeredAction", "", lambda _: {}, lambda *_: {"noOp": True}),
}  # fmt: skip
