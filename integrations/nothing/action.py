"""The action `do_nothing`: only the history shows that it fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from automations.actions.action import Action, ActionForm, registry
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from outbound.provider import Receiver
from teams.models import Team, User


@registry.register
class DoNothing(Action):
    """Send nothing: the history shows when it would have acted. For trying conditions."""

    key = "do_nothing"
    kind = "nothing"
    wire = "NO_OP"
    label = _("Do nothing")
    order = 9
    Form = ActionForm
    example: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str, by: User | None = None) -> dict[str, Any]:
        return {**super().checked(sent, team=team, event=event, by=by), "team": team.pk}

    @property
    def receiver_key(self) -> str:
        return f"nothing:{self.params['team']}"

    def params_by_name(self, receiver_name: str) -> dict[str, Any]:
        return {}

    def describe(self, receiver_name: str) -> str:
        return "do nothing"

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        return RenderedPayload(b"", "")
