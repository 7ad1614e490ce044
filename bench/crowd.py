"""A Runbell that has been used for years, as far as pages can tell. Imported once Django is set up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model

from artifacts.services import create_version, get_or_create_collection
from automations.models import Automation, Execution
from bench.many import analyze, copies
from bench.scene import Watched
from projects.models import HistoryChunk, Project, Run
from registries.services import create_registry, link
from teams.models import Membership, Role, User

_STATES = "CASE n.i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'suppressed' ELSE 'delivered' END"


@dataclass(frozen=True)
class Size:
    projects: int
    runs: int
    automations: int
    executions: int

    @classmethod
    def of(cls, share: float) -> Size:
        """Give a share of 1,000 projects, 100,000 runs, 10,000 automations and 1,000,000 executions."""
        return cls(*(max(20, int(whole * share)) for whole in (1_000, 100_000, 10_000, 1_000_000)))


class Crowd:
    """Half of the runs and a tenth of the automations are in the project `large`, the others spread evenly."""

    def __init__(self, size: Size) -> None:
        self.size = size
        watched = Watched.by_one("large")
        self.project, self.automation, self.run = watched.run.project, watched.automation, watched.run
        self.person = User.objects.create(username="bench")
        Membership.objects.create(team=self.project.team, user=self.person, role=Role.ADMIN)
        self.project.team.organization.admins.add(self.person)
        self._histories(watched)
        copies(self.project, size.projects, name="'p' || n.i")
        first = _first_copy(Project, self.project)
        self._runs(first)
        self._automations(first)
        self._executions()
        self._artifacts()
        analyze()

    def _histories(self, watched: Watched) -> None:
        """One run of a million steps, and one with 300 metrics."""
        watched.past_run("long", 1000)
        chunk = HistoryChunk.objects.get(run__name="long")
        copies(chunk, 999, offset="n.i * 1000", position="n.i * 1000")
        Run.objects.filter(name="long").update(rows_logged=1_000_000)
        wide = Run.objects.create(project=self.project, name="wide", user=self.person)
        rows = [{"_step": step, **{f"m{one:03d}": step / (one + 1) for one in range(300)}} for step in range(100)]
        for start in range(0, 1000, 100):
            HistoryChunk.objects.create(run=wide, offset=start, position=start, row_count=100, rows=rows)
        Run.objects.filter(pk=wide.pk).update(summary=rows[-1], rows_logged=1000)

    def _runs(self, first: int) -> None:
        where = f"CASE WHEN n.i % 2 = 0 THEN {self.project.pk} ELSE {first} + n.i % {self.size.projects} END"
        row = Run.objects.create(
            project=self.project, name="past", user=self.person, state="finished", display_name="past",
            summary={"loss": 0.1, "acc": 0.9}, tags=["nightly"], finished_at=self.run.created_at,
        )  # fmt: skip
        state = "CASE n.i % 20 WHEN 0 THEN 'failed' WHEN 1 THEN 'running' ELSE 'finished' END"
        copies(row, self.size.runs, project_id=where, name="'r' || n.i", display_name="'run ' || n.i", state=state)

    def _automations(self, first: int) -> None:
        chosen = f"CASE WHEN n.i % 10 = 0 THEN {self.project.pk} ELSE {first} + n.i % {self.size.projects} END"
        changed = {"name": "'automation ' || n.i", "project_id": chosen, "scope": f"'project:' || ({chosen})"}
        copies(self.automation, self.size.automations, **changed)

    def _executions(self) -> None:
        row = Execution.objects.create(
            automation=self.automation, team=self.project.team, state="delivered", action_type="send_webhook",
            why="the loss is above 100", subject_label="past", receiver_key=self.automation.receiver_key,
            subject_url=self.run.get_absolute_url(),
        )  # fmt: skip
        first = _first_copy(Automation, self.automation)
        changed = {
            "automation_id": f"{first} + n.i % {self.size.automations}",
            "delivery_id": "'msg_' || n.i",
            "state": _STATES,
            "subject_url": f"'{self.project.get_absolute_url()}/runs/r' || (n.i % {self.size.runs})",
        }
        copies(row, self.size.executions, **changed)

    def _artifacts(self) -> None:
        """A collection of 10,000 versions, 2,000 collections, and a registry with one of them."""
        made, _created = get_or_create_collection(self.project, "model", "model")
        entry = create_version(made, "d0", {"accuracy": 0.9}, aliases=["best"], run=self.run).entry
        registry = create_registry(self.project.team.organization, "models")
        self.linked = link(entry.version, registry, "chosen", aliases=["production"]).entry
        self.entry = entry
        copies(entry.version, 9_999, **{"index": "n.i", "digest": "'d' || n.i"})
        first = _first_copy(type(entry.version), entry.version)
        copies(entry, 9_999, **{"index": "n.i", "version_id": f"{first} + n.i - 1"})
        copies(made, 2_000, name="'model-' || n.i")

    def addresses(self) -> dict[str, str]:
        """Give what people call each page, and where it is."""
        home, registry = self.project.get_absolute_url(), self.linked.collection.owner.get_absolute_url()
        run, long, wide = (f"{home}/runs/{name}" for name in ("r2", "long", "wide"))
        execution = Execution.objects.order_by("-pk").values_list("pk", flat=True)[:1].get()
        automation = self.automation.get_absolute_url()
        collection = self.entry.collection.get_absolute_url()
        return {
            "team": f"/{self.project.team.name}", "project": home, "project, what fired": f"{home}/lately",
            "project, versions": f"{home}/recent-versions",
            "runs": f"{home}/runs", "runs, failed": f"{home}/runs?state=failed",
            "runs, by name": f"{home}/runs?sort=name",
            "runs, tagged": f"{home}/runs?tag=nightly", "runs, searched": f"{home}/runs?q=run+4999",
            "run": run, "run, its automations": f"{run}/automations", "run, marks": f"{run}/marks",
            "run, 1,000,000 steps": long, "its values": f"{long}/metrics", "run, 300 metrics": wide,
            "its next panels": f"{wide}/panels?after=m100", "its next values": f"{wide}/metrics?first=m100&last=m123",
            "artifacts": f"{home}/artifacts", "collection": collection,
            "collection, far back": f"{collection}?before=99",
            "version": self.entry.get_absolute_url(), "version, what it caused": f"/executions?subject={collection}",
            "registries": "/registry", "registry": registry,
            "registry collection": self.linked.collection.get_absolute_url(),
            "registry version": self.linked.get_absolute_url(), "registry members": f"{registry}/members",
            "hub": "/automations", "automations": f"{home}/automations", "automation": automation,
            "history": f"{home}/history", "execution": f"/executions/{execution}", "search": "/search?q=run+77",
        }  # fmt: skip


def _first_copy(model: type[Model], row: Model) -> int:
    """Give the number of the first copy: numbers follow each other, as one statement made them all."""
    return int(model._default_manager.filter(pk__gt=row.pk).order_by("pk").values_list("pk", flat=True)[:1].get())
