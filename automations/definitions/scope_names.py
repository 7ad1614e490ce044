"""Names of scopes as they are today: a script that says a name of before (`teams.names.former_names`) means that place.

As many statements for what is there as for what is not: their number shall not tell.
"""

from __future__ import annotations

from artifacts.models import Registry
from projects.models import Project
from teams.models import Organization, Team
from teams.names import former_names


def team_today(name: str) -> str:
    team = former_names.by_name(Team.objects.all(), former_names.TEAM, name).first()
    return team.name if team else name


def organization_today(name: str) -> str:
    organization = former_names.by_name(Organization.objects.all(), former_names.ORGANIZATION, name).first()
    return organization.name if organization else name


def project_today(owner: str, name: str) -> tuple[str, str]:
    team = former_names.by_name(Team.objects.all(), former_names.TEAM, owner).first()
    key = team.pk if team else 0
    project = former_names.by_name(Project.objects.filter(team=key), former_names.PROJECT, name, owner=key).first()
    return team.name if team else owner, project.name if project else name


def registry_today(owner: str, name: str) -> tuple[str, str]:
    found = former_names.by_name(Organization.objects.all(), former_names.ORGANIZATION, owner).first()
    key = found.pk if found else 0
    rows = Registry.objects.filter(organization=key)
    registry = former_names.by_name(rows, former_names.REGISTRY, name, owner=key).first()
    return found.name if found else owner, registry.name if registry else name
