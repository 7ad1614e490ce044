"""What stands in an address, found for the person who asks; and what each page shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from automations.access import automation_numbered
from automations.beats import Beats, beats_of
from automations.models import Automation, Execution
from automations.services import names_of_targets, sentence
from projects.access import project_named
from teams.models import Role
from teams.people import person


@dataclass(frozen=True)
class Shown:
    """An automation as pages show it. `target` is the name of where its action goes.

    `may_switch`: the person's role in its team allows it; a wider scope may still refuse, and says why.
    """

    automation: Automation
    sentence: str
    target: str = ""
    beats: Beats = field(default_factory=Beats)
    may_switch: bool = False

    @property
    def last(self) -> Execution | None:
        return self.beats.last


def automation_here(request: HttpRequest, *, team: str, project: str, pk: int, least: Role = Role.VIEWER) -> Automation:
    """Give the automation of this project; 404 for what the person cannot see, 403 where the role is too low."""
    found = project_named(person(request), team, project, least)
    automation = automation_numbered(person(request), pk, least)
    if automation.project_id != found.pk:
        raise Http404(_("There is no automation %(pk)s in %(project)s.") % {"pk": pk, "project": found})
    return automation


def shown(automations: Iterable[Automation]) -> list[Shown]:
    """Give the automations with their sentences, in a fixed number of queries."""
    rows = list(automations)
    names = names_of_targets(rows)
    return [Shown(row, sentence(row, names.get(row.target, "")), names.get(row.target, "")) for row in rows]


def shown_with_health(automations: Iterable[Automation], may_switch: Mapping[int, bool]) -> list[Shown]:
    """Give the automations with what became of their last executions; `may_switch` is by team."""
    rows = shown(automations)
    beats = beats_of(row.automation for row in rows)
    return [
        Shown(
            row.automation, row.sentence, row.target,
            beats.get(row.automation.pk, Beats()), may_switch.get(row.automation.team_id, False),
        )
        for row in rows
    ]  # fmt: skip


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Give the page of ours that the form stood on."""
    there = request.POST.get("next", "")
    return there if url_has_allowed_host_and_scheme(there, {request.get_host()}) else otherwise
