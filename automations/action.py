"""What an action is. Each stands in a file of its own in `automations/actions/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from automations.parameters import Parameters
from automations.templating import Rendered
from common.registry import Plugin, Registry
from integrations.provider import Endpoint
from teams.models import Team


@dataclass(frozen=True)
class Occasion:
    """What an action tells of, as plain values: frozen with an execution, or samples in a test.

    `subject` is the run or version and `why` what the conditions found, both in words. `url` is the subject's page
    and `history_url` the page of the execution, both within Runbell.
    """

    variables: Mapping[str, object]
    subject: str = ""
    url: str = ""
    why: str = ""
    history_url: str = ""


class ActionForm(Parameters):
    """Parameters of an action. They are checked for a team, whose receivers it uses, and for an event."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, team: Team, event: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.team, self.event = team, event


class Action(Plugin):
    """Does something about an event. Its docstring and `describe()` are read by people.

    `rendered` is pure: it gets what to tell and the secrets it may use, and gives what is to be sent.
    """

    # Its name on the wire of the wandb SDK; blank where W&B has none.
    wire: ClassVar[str] = ""
    # Where it stands among the others on a page: the first is what a new automation starts with.
    order: ClassVar[int] = 5
    Form: ClassVar[type[ActionForm]]
    example: ClassVar[Mapping[str, Any]]

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str) -> dict[str, Any]:
        """Give the parameters to store. Raises ValidationError by field."""
        return cls.Form.checked(sent, team=team, event=event)

    @property
    def target(self) -> str:
        """Where it goes, such as `webhook:12`: who shares a target waits for each other."""
        raise NotImplementedError

    def shown(self, target_name: str) -> dict[str, Any]:
        """Give the parameters as REST and forms show them: by name, so that they can be sent back."""
        raise NotImplementedError

    def describe(self, target_name: str) -> str:
        raise NotImplementedError

    def rendered(self, endpoint: Endpoint, occasion: Occasion, secrets: Mapping[str, str]) -> Rendered:
        """Give the body to send and its masked form. Raises TemplateError.

        `secrets` are those of `endpoint.granted`; more may be among them, which are not for the body.
        """
        raise NotImplementedError


registry: Registry[Action] = Registry("action")


def in_order() -> list[type[Action]]:
    """Give the actions as a page lists them."""
    return sorted(registry, key=lambda kind: kind.order)
