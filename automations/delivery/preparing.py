"""Preparing a delivery: an action with all that its sending needs, for the engine and for a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from automations.actions import action as actions
from automations.actions.action import Action
from automations.definitions.sharing import refusal, refusal_of
from automations.messages.context import MessageContext
from automations.messages.delivery_variables import delivery_variables
from automations.messages.templating import RenderedPayload, TemplateError
from automations.models import Attempt, Execution
from common.own_addresses import absolute
from common.plugins import UnknownKey
from outbound.provider import Delivery, NotReady, Outcome, Provider, Receiver, Record, provider_of
from secrets_vault.encrypted_field import SecretUnavailable
from teams.audit import actor
from teams.models import Team


class Unsendable(Exception):
    """Why it cannot be sent; it `waits` where that changes when somebody mends it."""

    def __init__(self, reason: str, *, waits: bool = False) -> None:
        super().__init__(reason)
        self.waits = waits


@dataclass(frozen=True)
class PreparedMessage:
    provider: type[Provider]
    receiver: Receiver
    action: Action
    secrets: Mapping[str, str] = field(repr=False)
    # Another team's: what is sent there names none of its secrets, and its address is not for this team's people.
    is_shared: bool = False

    def send(self, context: MessageContext, delivery_id: str) -> Record:
        """Send it, once. For any thread: it touches no database, and what goes wrong is an outcome."""
        try:
            rendered = self.action.rendered(self.receiver, context, {} if self.is_shared else self.secrets)
        except TemplateError as error:
            return not_sent(Outcome(False, f"The payload cannot be filled: {error}"))
        record = self.provider.send(self.receiver, self._delivery(delivery_id, rendered))
        return replace(record, request=_without_place(record.request)) if self.is_shared else record

    def carry_out(self, context: MessageContext, delivery_id: str, about: Mapping[str, Any]) -> Record:
        """Do what is done at home, in the caller's transaction."""
        begun_at = time.monotonic()
        try:
            rendered = self.action.rendered(self.receiver, context, {})
        except TemplateError as error:
            return not_sent(Outcome(False, f"It cannot be filled: {error}"))
        outcome = self.provider.carry_out(self.receiver, self._delivery(delivery_id, rendered), about)
        return Record({}, None, outcome, time.monotonic() - begun_at)

    def _delivery(self, delivery_id: str, rendered: RenderedPayload) -> Delivery:
        return Delivery(delivery_id, rendered.body, rendered.masked, int(time.time()), self.secrets)


class DeliveryPreparation:
    """Puts actions together with what they need, the secrets of each receiver opened once."""

    def __init__(self, receivers: Mapping[str, Receiver]) -> None:
        self._receivers = receivers
        self._opened: dict[str, Mapping[str, str]] = {}

    def of_execution(self, execution: Execution) -> PreparedMessage:
        """Raises Unsendable."""
        try:
            action = actions.registry.get(execution.action_type)(execution.action)
        except UnknownKey as error:
            raise Unsendable(f"Its action is not known here: {error}") from None
        outgoing = self._to(execution.receiver_key, action, execution.team_id, partial(refusal_of, execution))
        if outgoing.receiver.disabled_reason:
            about = f"The {outgoing.provider.noun} {outgoing.receiver.name}"
            raise Unsendable(f"{about} is disabled. {outgoing.receiver.disabled_reason}")
        if execution.attempts_made <= execution.attempts_before + 1:
            return outgoing
        earlier = Attempt.objects.filter(execution=execution, number__gt=execution.attempts_before).order_by("number")
        resumed = outgoing.provider.resumed(outgoing.receiver, earlier.values_list("reply", flat=True))
        return replace(outgoing, receiver=resumed)

    def of_action(self, action: Action, team: Team) -> PreparedMessage:
        """For who asks now. Raises Unsendable. A receiver that is disabled can be tried."""
        return self._to(action.receiver_key, action, team.pk, partial(refusal, team.pk, actor.current().person()))

    def _to(
        self, receiver_key: str, action: Action, team_id: int, why_not: Callable[[Receiver], str]
    ) -> PreparedMessage:
        try:
            provider, _pk = provider_of(receiver_key)
        except UnknownKey as error:
            raise Unsendable(f"Nothing can be sent there: {error}.") from None
        receiver = self._receivers.get(receiver_key)
        if receiver is None:
            raise Unsendable(f"Its {provider.noun} was deleted. Edit the automation and choose another.")
        is_shared = receiver.team_id != team_id
        if is_shared and (reason := why_not(receiver)):
            raise Unsendable(reason)
        return PreparedMessage(provider, receiver, action, self._secrets(provider, receiver), is_shared)

    def _secrets(self, provider: type[Provider], receiver: Receiver) -> Mapping[str, str]:
        try:
            if receiver.key not in self._opened:
                self._opened[receiver.key] = provider.secrets(receiver)
            return self._opened[receiver.key]
        except NotReady as error:
            raise Unsendable(str(error)) from None
        except SecretUnavailable as error:
            raise Unsendable(str(error), waits=True) from None


def message_context_of(execution: Execution) -> MessageContext:
    history_url = absolute(execution.get_absolute_url())
    own = delivery_variables(
        automation_id=execution.automation_id,
        subject=execution.subject_url,
        delivery_id=execution.delivery_id,
        execution_url=history_url,
        has_recovered=execution.variables.get("alert_status") == "recovered",
    )
    return MessageContext(
        variables={**execution.variables, **own},
        subject=execution.subject_label,
        url=absolute(execution.subject_url) if execution.subject_url else "",
        why=execution.why,
        history_url=history_url,
    )


def _without_place(request: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a request what this team sent: the path of an address and its headers may let others in."""
    url = urlsplit(str(request.get("url", "")))
    return {**request, "url": f"{url.scheme}://{url.hostname or ''}/…", "headers": {}} if request else {}


def not_sent(outcome: Outcome) -> Record:
    return Record({}, None, outcome, 0.0)
