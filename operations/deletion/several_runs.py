"""Deletion of several runs of a project at once: all of them or none, confirmed by how many they are.

Each is a deletion of its own, which can be undone by itself. Those that were asked for together have one moment, by
which they are undone together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet

from common.data.database_clock import database_now
from common.data.validation_errors import quoted, refuse
from operations.deletion.contents import BYTES, sizes_of_runs
from operations.deletion.deletable import no_such, parts_of, registry
from operations.deletion.scheduling import deletions_of, schedule_confirmed, undo
from projects.access import project_named
from projects.models import Project, Run
from teams.access import is_instance_admin
from teams.models import Deletion, Role, User

# Each is a few statements in one transaction, for which others wait on SQLite.
MOST = 100


@dataclass(frozen=True)
class SelectedRuns:
    """Runs of one project that are to be deleted together."""

    project: Project
    runs: Sequence[Run]

    @classmethod
    def find(cls, user: User, project: str, names: Iterable[str]) -> SelectedRuns:
        """Give the runs to who may delete them; refuse all where one is not there, and say so of each such."""
        found, wanted = _project(user, project), sorted(set(names))
        if not 0 < len(wanted) <= MOST:
            refuse("runs", f"{len(wanted)} runs are named. Name 1 to {MOST} by their ids.")
        rows = {run.name: run for run in Run.all_rows.filter(project=found, name__in=wanted).select_related("deletion")}
        problems = [problem for name in wanted if (problem := _problem(rows.get(name), name))]
        if problems:
            raise ValidationError({"runs": problems})
        for run in rows.values():
            run.project = found
        return cls(found, [rows[name] for name in wanted])

    @property
    def contents(self) -> dict[str, int]:
        """Count what goes with them."""
        counted = sizes_of_runs(Run.objects.filter(pk__in=[run.pk for run in self.runs]))
        return {name: counted[name] for name in ("runs", "rows", "files", BYTES)}

    def schedule(self, *, confirmed: str, by: User) -> list[Deletion]:
        """Hide them all, and let each be deleted after its grace. Refuses unless their number confirms it."""
        if confirmed.strip() != str(len(self.runs)):
            refuse("confirm", f"{quoted(confirmed)} is not how many they are. Write {len(self.runs)} to delete them.")
        with transaction.atomic():
            now, kind = database_now(), registry.get("run")
            # In one order: who deletes some of the same waits, and neither for the other.
            rows = sorted(self.runs, key=lambda run: run.pk)
            made = [schedule_confirmed(kind, run, asked_at=now, by=by) for run in rows]
        return sorted(made, key=lambda one: one.name)


def undo_together(deletion: Deletion, *, by: User) -> list[Deletion]:
    """Bring back all that were asked for with this one and still wait, or none of them; itself in any case."""
    with transaction.atomic():
        waiting = _waiting_with(deletion, deletions_of(by)).order_by("pk")
        return [undo(one, by=by) for one in waiting or [deletion]]


def counts_together(deletions: Iterable[Deletion]) -> dict[int, int]:
    """Give by its id, of each that can be undone with others, how many those are and it."""
    runs = [one for one in deletions if one.kind == "run" and one.undone_at is None and one.started_at is None]
    moments = {(one.asked_by_id, one.asked_at) for one in runs}
    rows = Deletion.objects.filter(kind="run", asked_at__in={moment for _by, moment in moments})
    waiting = rows.filter(undone_at=None, started_at=None).order_by().values_list("asked_by", "asked_at", "team")
    counts = {(by, moment, team): count for by, moment, team, count in waiting.annotate(Count("pk"))}
    found = {one.pk: counts.get((one.asked_by_id, one.asked_at, one.team_id), 0) for one in runs}
    return {pk: count for pk, count in found.items() if count > 1}


def _waiting_with(deletion: Deletion, among: QuerySet[Deletion]) -> QuerySet[Deletion]:
    same = among.filter(kind="run", asked_by=deletion.asked_by_id, asked_at=deletion.asked_at, team=deletion.team_id)
    return same.filter(undone_at=None, started_at=None)


def _project(user: User, name: str) -> Project:
    kind = registry.get("project")
    team, own = parts_of(kind, name)
    if not is_instance_admin(user):
        return project_named(user, team, own, Role.MEMBER)
    found: Project | None = kind.rows_named(team, own).first()
    if found is None:
        raise no_such(kind, name)
    return found


def _problem(run: Run | None, name: str) -> str:
    if run is None:
        return f"There is no run {quoted(name)} here. None of them is deleted."
    return "" if run.deletion is None else f"The run {quoted(name)} is being deleted already. None of them is deleted."
