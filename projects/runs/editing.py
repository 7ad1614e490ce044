"""Edit, rewind and delete runs, as people do: name, tags, notes. Written to the audit log."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.models import DeletedRun, Run
from projects.runs.branching import rewind
from projects.runs.lifecycle import RunDetails, change_run, lock_run
from teams.audit import audit_log
from teams.models import User

EDITABLE = ("display_name", "tags", "notes")


def edit_run(run: Run, values: dict[str, Any], *, by: User | None) -> Run:
    """Put these in place of what is said of the run; its state stays. What is left out stays too."""
    with transaction.atomic():
        locked = lock_run(run)
        before = audit_log.columns(locked, *EDITABLE)
        changed = change_run(locked, RunDetails(**{name: values[name] for name in EDITABLE if name in values}))
        target = f"run {changed.project}/{changed.name}"
        after = audit_log.columns(changed, *EDITABLE)
        audit_log.record("run.change", target, team=changed.project.team, by=by, before=before, after=after)
        return changed


def rewind_run(run: Run, step: float) -> Run:
    """Let the run go on from an earlier step: what it logged after that is gone."""
    with transaction.atomic():
        locked = lock_run(run)
        before = {"rows_logged": locked.rows_logged}
        rewind(locked, step)
        target, after = f"run {locked.project}/{locked.name}", {"rows_logged": locked.rows_logged}
        audit_log.record("run.rewind", target, team=locked.project.team, before=before, after=after)
        return locked


def delete_run(run: Run) -> None:
    """Delete the run and what it logged. Versions it made stay."""
    with transaction.atomic():
        locked = lock_run(run)
        record_deletion(locked)
        DeletedRun.objects.create(run_id=locked.pk, team=locked.project.team)
        locked.delete()


def record_deletion(run: Run) -> None:
    """Write to the audit log that a script deletes the run."""
    told = {"state": run.state, "rows_logged": run.rows_logged}
    audit_log.record("run.delete", f"run {run.project}/{run.name}", team=run.project.team, before=told)
