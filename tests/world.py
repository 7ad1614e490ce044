"""A small world to test in, and the steps that tests share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import of_project
from automations.definitions.services import create_automation
from automations.models import Automation
from events.models import Event
from integrations.models import Integration
from integrations.webhook.models import Webhook
from projects.models import Project, Run, RunState
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import create_project
from secrets_vault.services import create_secret
from teams.accounts.api_key import store_key
from teams.models import Membership, Organization, Role, Team, User


@dataclass
class World:
    team: Team
    other_team: Team
    project: Project
    users: dict[str, User]
    keys: dict[str, str] = field(default_factory=dict)

    def webhook(self, url: str, **values: Any) -> Webhook:
        defaults = {"name": "hook", "url": url, "team": self.team}
        return Webhook.objects.create(**{**defaults, **values})

    @property
    def webhooks(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(team=self.team)

    def run(self, name: str = "run1", *, user: str = "alice", **details: Any) -> Run:
        return start_run(self.project, name, RunDetails(**details), user=self.users[user]).run

    def secret(self, name: str, value: str) -> None:
        create_secret(self.team, name, value, by=self.users["alice"])

    def automation(self, *conditions: dict[str, Any], event: str = "RUN_STATE", **values: Any) -> Automation:
        action = values.pop("action", {})
        if "type" not in action:
            action = {"type": "send_webhook", "webhook": "hook", **action}
        draft = AutomationDraft(
            **{"name": "automation", "event": event, "conditions": list(conditions), "action": action, **values}
        )
        return create_automation(of_project(self.project), draft, by=self.users["alice"])


def put_settings(rows: Iterable[Integration], **settings: Any) -> None:
    """Write settings of integrations past what checks them."""
    for row in rows:
        row.settings = {**row.settings, **settings}
        row.save(update_fields=["settings"])


FAILED = {"type": "run_state", "states": ["failed"]}


def threshold(**params: Any) -> dict[str, Any]:
    """The latest loss is above 1, unless told otherwise."""
    defaults = {"metric": "loss", "aggregation": "latest", "comparison": "gt", "threshold": 1.0}
    return {"type": "metric_threshold", **defaults, **params}


def failed_at_once(project: Project, names: list[str]) -> None:
    """Write runs that failed, and their events as `projects.runs.lifecycle` publishes them; quick for thousands."""
    rows = [Run(project=project, name=name, state=RunState.FAILED) for name in names]
    Run.objects.bulk_create(rows, batch_size=500)
    events = [
        Event(
            kind="run.state",
            team=project.team,
            scopes=project.scopes,
            stream=run.stream_key,
            data={"run": run.pk, "state": "failed", "previous": "running"},
        )
        for run in Run.objects.filter(project=project, name__startswith=names[0].rstrip("0123456789"))
    ]
    Event.objects.bulk_create(events, batch_size=500)


def make_world() -> World:
    organization = Organization.objects.create(name="research", mail_domains=["acme.test", "example.com"])
    team = Team.objects.create(organization=organization, name="acme")
    other = Team.objects.create(organization=organization, name="other")
    users, keys = {}, {}
    for name in ("alice", "bob", "vera", "charlie"):
        users[name] = User.objects.create_user(name, password=f"{name}-password")
        keys[name] = f"{name}-key-".ljust(44, "x").replace("-", "_")
        store_key(users[name], "test", keys[name])
    for name, role in (("alice", Role.ADMIN), ("bob", Role.MEMBER), ("vera", Role.VIEWER)):
        # Seen a moment ago: that they are here is noted once an hour, and no part of what a page asks.
        Membership.objects.create(team=team, user=users[name], role=role, last_seen_at=timezone.now())
    Membership.objects.create(team=other, user=users["charlie"], role=Role.ADMIN)
    return World(team, other, create_project(team, "mnist"), users, keys)
