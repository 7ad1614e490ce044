"""Do nothing, for trying things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from automations.action import Action, ActionForm, Occasion, registry
from automations.templating import Rendered
from integrations.provider import Endpoint
from teams.models import Team


@registry.register
class DoNothing(Action):
    """Send nothing: the history shows when it would have acted. For trying conditions."""

    key = "do_nothing"
    wire = "NO_OP"
    label = _("Do nothing")
    order = 9
    Form = ActionForm
    example: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], *, team: Team, event: str) -> dict[str, Any]:
        return {**super().checked(sent, team=team, event=event), "team": team.pk}

    @property
    def target(self) -> str:
        return f"nothing:{self.params['team']}"

    def shown(self, target_name: str) -> dict[str, Any]:
        return {}

    def describe(self, target_name: str) -> str:
        return "do nothing"

    def rendered(self, endpoint: Endpoint, occasion: Occasion, secrets: Mapping[str, str]) -> Rendered:
        return Rendered(b"", "")
