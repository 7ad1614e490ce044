"""Onboarding checklist: the first steps of a team, and which are left until something fires."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from automations.models import Automation, Execution, ExecutionState
from integrations.kind import in_order
from projects.models import Project, Run
from teams.models import ApiKey, Team, User

_SHOWN = "steps"
_FIRST_KEY = "first start"


@dataclass(frozen=True)
class FirstStep:
    label: str | Promise
    about: str | Promise
    url: str
    is_done: bool


def are_shown(team: Team) -> bool:
    return bool(team.sample.get(_SHOWN))


def hide(team: Team) -> None:
    team.sample.pop(_SHOWN, None)
    team.save(update_fields=["sample"])


def steps_of(team: Team, user: User) -> list[FirstStep]:
    """Give the steps in their order. What stands in the sample counts for none of them."""
    done, project = _done(team, user), _projects(team).order_by("-pk").first()
    runs = reverse("runs", args=[team.name, project.name]) if project else reverse("team", args=[team.name])
    automations = reverse("hub")
    if project:
        # Filled in with what most begin with: what remains is whom to call.
        begun = urlencode({"event": "RUN_STATE", "run_state-states": "failed", "name": "A run failed"})
        automations = f"{reverse('new_automation', args=[team.name, project.name])}?{begun}"
    listed = [
        (_("Make an API key"), _("Scripts show it instead of your password."), reverse("api_keys")),
        (_("Log a run"), _("From Python or a shell, in a minute."), runs),
        (
            _("Add an integration"),
            _("Where Runbell tells of what happened."),
            reverse("integrations", args=[team.name]),
        ),
        (_("Make an automation"), _("Begin with: when a run fails, call."), automations),
        (_("See it fire"), _("What was sent, and what was answered."), reverse("hub")),
    ]
    return [FirstStep(*step, is_done=is_done) for step, is_done in zip(listed, done, strict=True)]


def _done(team: Team, user: User) -> list[bool]:
    keys = ApiKey.objects.filter(user=user).filter(~Q(name=_FIRST_KEY) | Q(last_used_at__isnull=False))
    runs = Run.objects.filter(project__in=_projects(team))
    has_integration = any(
        kind.key_of(row) != f"webhook:{team.sample.get('webhook')}"
        for kind in in_order()
        for row in kind.rows().filter(team=team)
    )
    laid_out = Q(project__isnull=False, project=team.sample.get("project")) | Q(
        registry__isnull=False, registry=team.sample.get("registry")
    )
    automations = Automation.objects.filter(team=team, deleted_at=None).exclude(laid_out)
    fired = Execution.objects.filter(automation__in=automations, state=ExecutionState.DELIVERED)
    return [keys.exists(), runs.exists(), has_integration, automations.exists(), fired.exists()]


def _projects(team: Team) -> QuerySet[Project]:
    return Project.objects.filter(team=team).exclude(pk=team.sample.get("project"))
