"""Deletion of a project: its runs with what they logged, its collections, its automations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from artifacts.models import Collection, Entry
from events.models import Event
from operations.deletion import cascade
from operations.deletion.contents import count_inside
from operations.deletion.deletable import DeletableKind, automations_in, registry
from projects.access import project_named
from projects.models import Project, Run
from teams.access import administered_by
from teams.models import Deletion, Role, User


@registry.register
class DeletableProject(DeletableKind):
    """By an admin of its team. Versions made in it go everywhere they are linked."""

    key = "project"
    label = _("Project")
    model = Project
    shape = "TEAM/PROJECT"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Project:
        team, name = parts
        return project_named(user, team, name, Role.ADMIN)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Project]:
        team, name = parts
        rows = Project.objects.filter(team__deletion=None).select_related("team__organization")
        return rows.filter(team__name=team, name=name)

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        return Q(team__in=administered_by(user).order_by().values("pk"))

    @classmethod
    def owners(cls, row: Project) -> dict[str, Any]:
        return {"team": row.team}

    @classmethod
    def contents(cls, row: Project) -> dict[str, int]:
        collections = Collection.objects.filter(project=row)
        return count_inside(Run.objects.filter(project=row), collections, automations_in(_listening(row.pk)))

    @classmethod
    def hidden_with(cls, row: Project) -> list[QuerySet[Any]]:
        return [automations_in(_listening(row.pk))]

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        project = Project.all_rows.filter(pk=deletion.object_id).first()
        if project is None:
            return
        yield from cascade.automations(automations_in(_listening(project.pk)))
        yield from links_elsewhere(project)
        happened = Event.objects.filter(team=project.team_id)
        yield from cascade.events(deletion, happened, f"project:{project.pk}")
        yield from cascade.cascade(Project, project.pk)


def links_elsewhere(project: Project) -> Iterator[cascade.Batch]:
    """Give the links to versions of the project from collections that stay."""
    made = Entry.objects.filter(version__collection__project=project)
    return cascade.links(made.exclude(collection__project=project))


def _listening(project: int) -> Q:
    return Q(project=project) | Q(collection__project=project)
