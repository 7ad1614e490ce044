"""Create projects, idempotently where runs may ask at once. What happens to runs: `projects.runs`."""

from __future__ import annotations

from common.data.unique_names import only_one
from projects.models import Project
from teams.models import Team


def create_project(team: Team, name: str, description: str | None = "") -> Project:
    project = Project(team=team, name=name, description=description)
    same_name = Project.objects.filter(team=team, name=name)
    with only_one(same_name, f"The team {team.name} has a project {name!r} already."):
        project.full_clean(validate_constraints=False)
        project.save()
    return project


def get_or_create_project(team: Team, name: str) -> Project:
    """Give the project of this name, made where there is none: two runs may ask at once."""
    there = Project.objects.filter(team=team, name=name).first()
    if there is None:
        new = Project(team=team, name=name)
        new.clean_fields(exclude=["team"])
        new.clean()
        there, _created = Project.objects.get_or_create(team=team, name=name)
    there.team = team
    return there
