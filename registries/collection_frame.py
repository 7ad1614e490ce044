"""Page frame of a collection, found by its address: in a project or in a registry, shown alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from artifacts.access import collection_named as collection_of_project
from artifacts.access import entry_named
from artifacts.models import Collection, Entry
from projects.project_frame import project_page
from registries import access
from registries.models import RegistryRole
from registries.registry_frame import registry_page
from teams.models import Role, User


@dataclass(frozen=True)
class CollectionPage:
    """A collection before a person: `frame` is what stands around its pages, `base` the template of that."""

    collection: Collection
    base: str
    frame: dict[str, Any]

    @property
    def is_in_registry(self) -> bool:
        return self.collection.registry is not None

    def entry(self, version: str) -> Entry:
        return entry_named(self.collection, version)


def project_collection_page(
    user: User, team: str, project: str, collection: str, *, to_change: bool = False, **_others: str
) -> CollectionPage:
    least = Role.MEMBER if to_change else Role.VIEWER
    found = collection_of_project(user, team, project, collection, least)
    assert found.project is not None
    return CollectionPage(found, "projects/base.html", project_page(user, found.project, "artifacts"))


def registry_collection_page(
    user: User, organization: str, registry: str, collection: str, *, to_change: bool = False, **_others: str
) -> CollectionPage:
    least = RegistryRole.MEMBER if to_change else RegistryRole.RESTRICTED_VIEWER
    found = access.collection_named(user, organization, registry, collection, least)
    assert found.registry is not None
    return CollectionPage(found, "registries/base.html", registry_page(user, found.registry, "registry"))


def collection_page(user: User, names: dict[str, str], *, to_change: bool = False) -> CollectionPage:
    """Give the collection that the address names; 404 and 403 as everywhere."""
    find = registry_collection_page if "registry" in names else project_collection_page
    return find(user, **names, to_change=to_change)
