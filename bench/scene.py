"""Rows that benches start from. Imported once Django is set up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum

from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import of_project
from automations.definitions.services import create_automation
from automations.models import Automation
from events import task_queue
from events.models import Event
from integrations.webhook.models import Webhook
from projects.history.stream_offsets import next_offset
from projects.models import HistoryChunk, Project, Run, RunState
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from projects.services import create_project
from teams.accounts.api_key import create_key
from teams.models import Membership, Organization, Role, Team, User


@dataclass
class Failing:
    """A project whose runs call a webhook when they fail."""

    project: Project
    automation: Automation

    @classmethod
    def calling(cls, url: str, name: str = "bench") -> Failing:
        organization, _ = Organization.objects.get_or_create(name="bench")
        team = Team.objects.create(organization=organization, name=name)
        project = _judging_past_values(create_project(team, name))
        Webhook.objects.create(team=team, name="hook", url=url)
        draft = AutomationDraft(
            name="failed",
            event="RUN_STATE",
            conditions=[{"type": "run_state", "states": ["failed"]}],
            action={"type": "send_webhook", "webhook": "hook"},
            rate_limit=0,
        )
        return cls(project, create_automation(of_project(project), draft, by=None))

    def runs(self, count: int, prefix: str) -> list[Run]:
        names = [f"{prefix}{number}" for number in range(count)]
        return [start_run(self.project, name, RunDetails(), user=None).run for name in names]

    def fail(self, run: Run) -> None:
        finish_run(run, 1)

    def fail_at_once(self, count: int, prefix: str) -> None:
        """Write runs that have failed, and their events as projects.runs.lifecycle publishes them."""
        runs = [Run(project=self.project, name=f"{prefix}{one}", state=RunState.FAILED) for one in range(count)]
        team, scopes = self.project.team, self.project.scopes
        with transaction.atomic():
            Run.objects.bulk_create(runs, batch_size=500)
            rows = Run.objects.filter(project=self.project, name__startswith=prefix)
            told = {"state": "failed", "previous": "running"}
            events = [
                Event(kind="run.state", team=team, scopes=scopes, stream=run.stream_key, data={"run": run.pk, **told})
                for run in rows
            ]
            Event.objects.bulk_create(events, batch_size=500)
        task_queue.wake()


def _judging_past_values(project: Project) -> Project:
    """Have it act on values however old: those that benches log are of one day, long ago."""
    project.acts_on_late_values = True
    project.save()
    return project


def surround(automation: Automation, count: int) -> None:
    """Have so many more automations, each in a project of its own."""
    columns = {field.attname: getattr(automation, field.attname) for field in Automation._meta.fields}
    there = Automation.objects.count()
    others = (
        Automation(**{**columns, "id": None, "scope": f"project:{10_000_000 + there + one}"}) for one in range(count)
    )
    Automation.objects.bulk_create(others, batch_size=1000)


@dataclass
class Watched:
    """A run in a project whose one automation looks at the average of its last five losses."""

    automation: Automation
    run: Run

    @classmethod
    def by_one(cls, name: str = "bench") -> Watched:
        team = Team.objects.create(organization=Organization.objects.create(name=name), name=name)
        project = _judging_past_values(create_project(team, name))
        Webhook.objects.create(team=team, name="hook", url="http://127.0.0.1:1/hook")
        draft = AutomationDraft(
            name="watch",
            event="RUN_METRIC",
            conditions=[{"type": "metric_threshold", "metric": "loss", "comparison": "gt", "threshold": 100}],
            action={"type": "send_webhook", "webhook": "hook"},
        )
        run = start_run(project, "run", RunDetails(), user=None).run
        return cls(create_automation(of_project(project), draft, by=None), run)

    def surround(self, count: int) -> None:
        """Have so many more automations, each in a project of its own."""
        surround(self.automation, count - Automation.objects.exclude(pk=self.automation.pk).count())

    def log(self, chunks: int, size: int, run: Run | None = None) -> None:
        for _ in range(chunks):
            there = next_offset(run or self.run)
            ingest_rows(run or self.run, there, _rows(there, size))

    def past_runs(self, count: int, steps: int) -> None:
        """Store runs with so many steps each, as if they had been logged a hundred at a time."""
        for number in range(count):
            self.past_run(f"past{number}", steps, size=100)

    def past_run(self, name: str, steps: int, size: int = 1000) -> Run:
        run = Run.objects.create(project=self.run.project, name=name)
        rows = _rows(0, size)
        chunks = [
            HistoryChunk(run=run, offset=start, position=start, row_count=size, rows=rows)
            for start in range(0, steps, size)
        ]
        HistoryChunk.objects.bulk_create(chunks, batch_size=100)
        run.rows_logged, run.summary, run.last_chunk = steps, rows[-1], run.chunks.latest("id").pk
        run.save()
        return run


def _rows(start: int, count: int) -> list[dict[str, float]]:
    steps = range(start, start + count)
    return [{"_step": step, "_timestamp": 1.76e9 + step, "loss": 1 / (step + 1), "lr": 0.001} for step in steps]


@dataclass
class Posters:
    """Runs that scripts post to, in one project, and the key they post with."""

    project: Project
    key: str

    @classmethod
    def make(cls) -> Posters:
        team = Team.objects.create(organization=Organization.objects.create(name="bench"), name="bench")
        user = User.objects.create(username="bench")
        Membership.objects.create(team=team, user=user, role=Role.MEMBER)
        return cls(create_project(team, "bench"), create_key(user, "bench")[1])

    @staticmethod
    def another_person(name: str) -> str:
        """Have somebody else on the team; give their key."""
        user = User.objects.create_user(name, password="the-right-one-of-theirs")
        Membership.objects.create(team=Team.objects.get(name="bench"), user=user, role=Role.MEMBER)
        return create_key(user, name)[1]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    def paths(self, name: str, count: int) -> list[str]:
        """Start so many runs; give where each posts."""
        for number in range(count):
            start_run(self.project, f"{name}{number}", RunDetails(), user=None)
        return [f"/files/bench/bench/{name}{number}/file_stream" for number in range(count)]

    def rows_stored(self, name: str = "") -> dict[str, int]:
        """Give how many rows each run has."""
        chunks = HistoryChunk.objects.filter(run__name__startswith=name, stream="history")
        return dict(chunks.values_list("run__name").annotate(Sum("row_count")))

    def ended(self) -> int:
        return Run.objects.filter(state="finished").count()
