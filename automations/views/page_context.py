"""Page context: the automation that an address names, and what each page shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from automations.access import automation_numbered
from automations.definitions.sentence import sentence_of, warnings_of
from automations.definitions.services import receiver_name, receiver_names
from automations.insight.health_strip import HealthStrip, health_strips_of
from automations.models import Automation, Execution
from common.http.safe_redirect import next_page
from projects.access import project_named
from teams.accounts.signed_in import person
from teams.models import Role


@dataclass(frozen=True)
class AutomationOnPage:
    """An automation as pages show it. `receiver_name` is the name of where its action goes.

    `may_switch`: the person's role in its team allows it; a wider scope may still refuse, and says why.
    """

    automation: Automation
    sentence: str
    receiver_name: str = ""
    health: HealthStrip = field(default_factory=HealthStrip)
    may_switch: bool = False

    @property
    def warnings(self) -> list[str]:
        """What of its action is perhaps not meant as it is written."""
        return warnings_of(self.automation)

    @property
    def last(self) -> Execution | None:
        return self.health.last


def automation_here(request: HttpRequest, *, team: str, project: str, pk: int, least: Role = Role.VIEWER) -> Automation:
    """Give the automation of this project; 404 for what the person cannot see, 403 where the role is too low."""
    found = project_named(person(request), team, project, least)
    automation = automation_numbered(person(request), pk, least)
    if automation.project_id != found.pk:
        raise Http404(_("There is no automation %(pk)s in %(project)s.") % {"pk": pk, "project": found})
    return automation


def automations_on_page(automations: Iterable[Automation]) -> list[AutomationOnPage]:
    """Give the automations with their sentences, in a fixed number of queries."""
    rows = list(automations)
    names = receiver_names(rows)
    return [
        AutomationOnPage(row, sentence_of(row, receiver_name(row, names)), receiver_name(row, names)) for row in rows
    ]


def automations_with_health(
    automations: Iterable[Automation], may_switch: Mapping[int, bool]
) -> list[AutomationOnPage]:
    """Give the automations with what became of their last executions; `may_switch` is by team."""
    rows = automations_on_page(automations)
    strips = health_strips_of(row.automation for row in rows)
    return [
        AutomationOnPage(
            row.automation, row.sentence, row.receiver_name,
            strips.get(row.automation.pk, HealthStrip()), may_switch.get(row.automation.team_id, False),
        )
        for row in rows
    ]  # fmt: skip


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Give the page of ours that the form stood on."""
    return next_page(request, otherwise)
