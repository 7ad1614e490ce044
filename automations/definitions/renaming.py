"""Renaming of a project, team, registry or collection: automations there say the new name from then on."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from artifacts.editing import change_collection
from artifacts.models import Collection, Registry
from automations.models import Automation
from projects.models import Project
from registries.services import change_registry
from teams.models import Organization, Team
from teams.names import renamed_places

Place = Organization | Team | Project | Registry | Collection
_NAMED = (
    "project__team", "registry__organization", "collection__project__team", "collection__registry__organization",
    "organization", "team",
)  # fmt: skip


def describe_collection(
    collection: Collection, *, name: str | None = None, description: str | None = None
) -> Collection:
    """Rename or describe the collection; None leaves what is there."""
    with transaction.atomic():
        changed = change_collection(collection, name=name, description=description)
        say_names_in(changed)
        return changed


def rename_registry(registry: Registry, name: str) -> Registry:
    with transaction.atomic():
        changed = change_registry(registry, name=name)
        say_names_in(changed)
        return changed


@renamed_places.follow
def say_names_in(place: Place) -> None:
    """Let what listens in this place, or in a part of it, say the name of that as it is now.

    Also what was deleted: its history is still read.
    """
    rows = Automation.all_rows.select_related(*_NAMED).filter(_inside(place))
    for automation in rows:
        name = _name(automation)
        if name != automation.scope_name:
            Automation.all_rows.filter(pk=automation.pk).update(scope_name=name)


def _inside(place: Place) -> Q:
    if isinstance(place, Organization):
        of_registries = Q(registry__organization=place) | Q(collection__registry__organization=place)
        return Q(organization=place) | of_registries
    if isinstance(place, Registry):
        return Q(registry=place) | Q(collection__registry=place)
    if isinstance(place, Project):
        return Q(project=place) | Q(collection__project=place)
    return Q(team=place) if isinstance(place, Team) else Q(collection=place)


def _name(automation: Automation) -> str:
    collection = automation.collection
    if collection is not None:
        return f"{collection.registry or collection.project}/{collection.name}"
    return str(automation.project or automation.registry or automation.organization or automation.team)
