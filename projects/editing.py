"""What people do with a run afterwards: its name, tags and notes, or its end. The audit log tells of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.models import Run
from projects.services import RunDetails, change_run, lock
from teams import audit
from teams.models import User

EDITABLE = ("display_name", "tags", "notes")


def edit_run(run: Run, values: dict[str, Any], *, by: User | None) -> Run:
    """Put these in place of what is said of the run; its state stays. What is left out stays too."""
    with transaction.atomic():
        locked = lock(run)
        before = audit.columns(locked, *EDITABLE)
        changed = change_run(locked, RunDetails(**{name: values[name] for name in EDITABLE if name in values}))
        target = f"run {changed.project}/{changed.name}"
        after = audit.columns(changed, *EDITABLE)
        audit.record("run.change", target, team=changed.project.team, by=by, before=before, after=after)
        return changed


def delete_run(run: Run) -> None:
    """Delete the run and what it logged. Versions it made stay."""
    with transaction.atomic():
        locked = lock(run)
        told = {"state": locked.state, "rows_logged": locked.rows_logged}
        audit.record("run.delete", f"run {locked.project}/{locked.name}", team=locked.project.team, before=told)
        locked.delete()
