"""The base class of actions. Each stands in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from automations.parameters import Parameters
from common.plugins import Plugin, PluginRegistry
from events import event_types
from outbound.provider import Receiver
from teams.audit import actor
from teams.models import Team, User


class ActionForm(Parameters):
    """Parameters of an action. They are checked for a team, whose receivers it uses, and for an event.

    `by` is who asks, else whom the door knows: they may use receivers of other teams of theirs.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        team: Team,
        event: str,
        by: User | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.team, self.event = team, event
        self.by = by or actor.current().person()


class Action(Plugin):
    """Does something about an event. Its docstring and `describe()` are read by people.

    `rendered` is pure: it gets what to tell and the secrets it may use, and gives what is to be sent.
    """

    # Its name on the wire of the wandb SDK; blank where W&B has none.
    wire: ClassVar[str] = ""
    # The kind of integration it sends through, and the parameter that says which; blank where it needs none.
    kind: ClassVar[str]
    names_by: ClassVar[str] = ""
    # What it changes, where it changes something of ours: it fits events about that. Blank: it fits any.
    about: ClassVar[str] = ""
    # Where it stands among the others on a page: the first is what a new automation starts with.
    order: ClassVar[int] = 5
    Form: ClassVar[type[ActionForm]]
    example: ClassVar[Mapping[str, Any]]

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str, by: User | None = None) -> dict[str, Any]:
        """Give the parameters to store. Raises ValidationError by field."""
        return cls.Form.checked(sent, team=team, event=event, by=by)

    @property
    def receiver_key(self) -> str:
        """Where it goes, such as `KIND:12`: who shares a receiver waits for each other."""
        raise NotImplementedError

    def params_by_name(self, receiver_name: str) -> dict[str, Any]:
        """Give the parameters as REST and forms show them: by name, so that they can be sent back."""
        raise NotImplementedError

    def describe(self, receiver_name: str) -> str:
        raise NotImplementedError

    def warnings(self) -> list[str]:
        """Say what is perhaps not meant as it is written, though it can be sent."""
        return []

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        """Give the body to send and its masked form. Raises TemplateError.

        `secrets` are those of `receiver.granted`; more may be among them, which are not for the body.
        """
        raise NotImplementedError


registry: PluginRegistry[Action] = PluginRegistry("action")


def in_order() -> list[type[Action]]:
    """Give the actions as a page lists them."""
    return sorted(registry, key=lambda kind: kind.order)


def actions_of(event: str) -> list[type[Action]]:
    """Give the actions that an event can have, as a page lists them."""
    about = event_types.registry.get(event).about
    return [kind for kind in in_order() if kind.about in ("", about)]
