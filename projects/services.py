"""Create projects, idempotently where runs may ask at once, and change them. What happens to runs: `projects.runs`."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from common.archived_rows import refuse_archived
from common.data.unique_names import only_one
from projects.models import Project
from teams.audit import audit_log
from teams.models import Team, User
from teams.names import archiving, former_names, renamed_places

# What people change of a project.
CHANGEABLE = ("description", "acts_on_late_values", "late_after_hours")


def create_project(team: Team, name: str, description: str | None = "") -> Project:
    project = Project(team=team, name=name, description=description)
    same_name = Project.objects.filter(team=team, name=name)
    with only_one(same_name, f"The team {team.name} has a project {name!r} already."):
        project.full_clean(validate_constraints=False)
        project.save()
        former_names.take(former_names.PROJECT, name, owner=team.pk)
    return project


def get_or_create_project(team: Team, name: str) -> Project:
    """Give the project of this name, made where there is none: two runs may ask at once.

    A script that says the name of before means that project: to take the name, one makes a project.
    """
    there = former_names.by_name(Project.objects.filter(team=team), former_names.PROJECT, name, owner=team.pk).first()
    if there is None:
        new = Project(team=team, name=name)
        new.clean_fields(exclude=["team"])
        new.clean()
        there, _created = Project.objects.get_or_create(team=team, name=name)
    refuse_archived(there)
    there.team = team
    return there


def change_project_whole(project: Project, values: dict[str, Any], *, by: User | None) -> Project:
    """Change all of these: what is said and set, its name, and whether it is archived. All of it, or nothing."""
    refuse_archived(project.team)
    with transaction.atomic():
        if values.get("archived") is False:
            archive_project(project, False, by=by)
        if values.keys() - {"archived"}:
            refuse_archived(project)
        if "name" in values:
            project = rename_project(project, values["name"], by=by)
        if values.keys() & set(CHANGEABLE):
            project = change_project(project, values, by=by)
        if values.get("archived"):
            archive_project(project, True, by=by)
    return project


def rename_project(project: Project, name: str, *, by: User | None) -> Project:
    """Call the project otherwise; its name of before leads to it until somebody takes it."""
    team = project.team
    same_name = Project.all_rows.filter(team=team, name=name).exclude(pk=project.pk)
    with transaction.atomic():
        locked = Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
        locked.team, old, locked.name = team, locked.name, name
        locked.clean_fields(exclude=["team"])
        locked.clean()
        with only_one(same_name, f"The team {team.name} has a project {name!r} already."):
            locked.save(update_fields=["name"])
        former_names.take(former_names.PROJECT, name, owner=team.pk)
        if old != name:
            former_names.keep(former_names.PROJECT, old, locked.pk, owner=team.pk)
        renamed_places.renamed(locked)
        before, after = {"name": old}, {"name": name}
        audit_log.record("project.rename", f"project {team}/{old}", team=team, by=by, before=before, after=after)
    return locked


def archive_project(project: Project, archived: bool, *, by: User | None) -> Project:
    """Let nothing in the project change, and nothing fire there; or bring it back. A repeat changes nothing."""
    return archiving.set_archived(project, archived, by=by, team=project.team, organization=None)


def change_project(project: Project, values: dict[str, Any], *, by: User | None) -> Project:
    """Put these in place of what is said and set of the project. What is left out stays."""
    given = {name: values[name] for name in CHANGEABLE if name in values}
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        locked.team = project.team
        before = audit_log.columns(locked, *CHANGEABLE)
        for name, value in given.items():
            setattr(locked, name, value)
        locked.clean_fields(exclude=["team", "name"])
        locked.save(update_fields=list(given))
        after = audit_log.columns(locked, *CHANGEABLE)
        audit_log.record("project.change", f"project {locked}", team=locked.team, by=by, before=before, after=after)
        return locked
