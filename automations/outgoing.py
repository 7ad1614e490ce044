"""An action with all that its sending needs: made for a delivery by the engine, and for a test."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings

from automations import action as actions
from automations.action import Action, Occasion
from automations.models import Attempt, Execution
from automations.templating import TemplateError
from common.registry import UnknownKey
from integrations.provider import Delivery, Endpoint, NotReady, Outcome, Provider, Record, provider_of
from secrets_vault.fields import SecretUnavailable


class Unsendable(Exception):
    """Why it cannot be sent; it `waits` where that changes when somebody mends it."""

    def __init__(self, reason: str, *, waits: bool = False) -> None:
        super().__init__(reason)
        self.waits = waits


@dataclass(frozen=True)
class Outgoing:
    provider: type[Provider]
    endpoint: Endpoint
    action: Action
    secrets: Mapping[str, str] = field(repr=False)

    def send(self, occasion: Occasion, delivery_id: str) -> Record:
        """Send it, once. For any thread: it touches no database, and what goes wrong is an outcome."""
        try:
            rendered = self.action.rendered(self.endpoint, occasion, self.secrets)
        except TemplateError as error:
            return not_sent(Outcome(False, f"The payload cannot be filled: {error}"))
        delivery = Delivery(delivery_id, rendered.body, rendered.masked, int(time.time()), self.secrets)
        return self.provider.send(self.endpoint, delivery)


class Packing:
    """Puts actions together with what they need, the secrets of each receiver opened once."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints
        self._opened: dict[str, Mapping[str, str]] = {}

    def of_execution(self, execution: Execution) -> Outgoing:
        """Raises Unsendable."""
        try:
            action = actions.registry.get(execution.action_type)(execution.action)
        except UnknownKey as error:
            raise Unsendable(f"Its action is not known here: {error}") from None
        outgoing = self.of_action(action, execution.target, execution.team_id)
        if outgoing.endpoint.disabled_reason:
            about = f"The {outgoing.provider.noun} {outgoing.endpoint.name}"
            raise Unsendable(f"{about} is disabled. {outgoing.endpoint.disabled_reason}")
        if execution.attempts_made <= execution.attempts_before + 1:
            return outgoing
        earlier = Attempt.objects.filter(execution=execution, number__gt=execution.attempts_before).order_by("number")
        resumed = outgoing.provider.resumed(outgoing.endpoint, earlier.values_list("reply", flat=True))
        return replace(outgoing, endpoint=resumed)

    def of_action(self, action: Action, target: str, team_id: int) -> Outgoing:
        """Raises Unsendable. A receiver that is disabled can be tried."""
        try:
            provider, _pk = provider_of(target)
        except UnknownKey as error:
            raise Unsendable(f"Nothing can be sent there: {error}.") from None
        endpoint = self._endpoints.get(target)
        if endpoint is None or endpoint.team_id != team_id:
            raise Unsendable(f"Its {provider.noun} was deleted. Edit the automation and choose another.")
        return Outgoing(provider, endpoint, action, self._secrets(provider, endpoint))

    def _secrets(self, provider: type[Provider], endpoint: Endpoint) -> Mapping[str, str]:
        try:
            if endpoint.key not in self._opened:
                self._opened[endpoint.key] = provider.secrets(endpoint)
            return self._opened[endpoint.key]
        except NotReady as error:
            raise Unsendable(str(error)) from None
        except SecretUnavailable as error:
            raise Unsendable(str(error), waits=True) from None


def occasion_of(execution: Execution) -> Occasion:
    return Occasion(
        variables=execution.variables,
        subject=execution.subject_label,
        url=settings.RUNBELL_URL + execution.subject_url if execution.subject_url else "",
        why=execution.why,
        history_url=settings.RUNBELL_URL + execution.get_absolute_url(),
    )


def not_sent(outcome: Outcome) -> Record:
    return Record({}, None, outcome, 0.0)
