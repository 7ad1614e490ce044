"""Deletion of a run: what it logged and its files. Versions it made stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from operations.deletion import cascade
from operations.deletion.contents import BYTES, sizes_of_runs
from operations.deletion.deletable import DeletableKind, changed_by, registry
from operations.deletion.freed_names import free_name, take_name_back
from projects.access import run_named
from projects.models import DeletedRun, Run
from teams.models import Deletion, Role, User


@registry.register
class DeletableRun(DeletableKind):
    """By a member of its team, who may undo it too."""

    key = "run"
    label = _("Run")
    model = Run
    shape = "TEAM/PROJECT/RUN"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Run:
        team, project, name = parts
        return run_named(user, team, project, name, Role.MEMBER)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Run]:
        team, project, name = parts
        there = Run.objects.filter(project__deletion=None, project__team__deletion=None)
        rows = there.filter(project__team__name=team, project__name=project, name=name)
        return rows.select_related("project__team__organization")

    @classmethod
    def name_of(cls, row: Run) -> str:
        return f"{row.project}/{row.name}"

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        return Q(team__in=changed_by(user))

    @classmethod
    def owners(cls, row: Run) -> dict[str, Any]:
        return {"team": row.project.team}

    @classmethod
    def contents(cls, row: Run) -> dict[str, int]:
        counted = sizes_of_runs(Run.objects.filter(pk=row.pk))
        return {name: counted[name] for name in ("rows", "files", BYTES)}

    @classmethod
    def hidden_with(cls, row: Run) -> list[QuerySet[Any]]:
        return []

    @classmethod
    def hide(cls, row: Run, deletion: Deletion) -> None:
        # Told by its id, as of one that is gone already.
        DeletedRun.objects.create(run_id=row.pk, team=row.project.team)
        super().hide(row, deletion)

    @classmethod
    def free_name(cls, row: Run, deletion: Deletion) -> None:
        free_name(row, deletion)

    @classmethod
    def show(cls, deletion: Deletion, *, by: User | None) -> None:
        take_name_back(Run.all_rows.get(pk=deletion.object_id), deletion)
        DeletedRun.objects.filter(run_id=deletion.object_id).delete()
        super().show(deletion, by=by)

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        if Run.all_rows.filter(pk=deletion.object_id).exists():
            yield from cascade.cascade(Run, deletion.object_id)
