"""Projects of W&B: one of a team, or a registry of an organization, which it names `wandb-registry-…`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404

from artifacts.access import collections_of, find_entry
from artifacts.models import Collection, Entry, Registry, Visibility
from projects.access import project_named
from projects.models import Project
from registries import access as registries
from registries.models import RegistryRole
from registries.services import DEFAULT_REGISTRY, make_default_registry
from teams import access as teams
from teams.access import Visitor
from teams.models import Role, User
from wandb_api.graphql.global_ids import global_id, kind_and_key
from wandb_api.lookup.entities import Entity, entity_named, entity_of

SdkProject = Project | Registry

REGISTRY_PREFIX = "wandb-registry-"
# The SDK reads a number out of this one; so a registry has none that a project may have.
REGISTRY_NUMBERS = 10**12
_ACCESS = {Visibility.ORGANIZATION: "PRIVATE", Visibility.RESTRICTED: "RESTRICTED"}


@dataclass(frozen=True)
class SdkProjectView:
    """What is said of a project and of a registry alike."""

    id: str
    number: int
    name: str
    entity: Entity
    description: str | None
    created_at: datetime
    access: str
    # The types of versions it takes; empty: any.
    types: list[str]

    @property
    def internal_id(self) -> str:
        return global_id("ProjectInternalId", self.number)


def sdk_project_view(place: SdkProject) -> SdkProjectView:
    if isinstance(place, Registry):
        return _registry(place)
    return SdkProjectView(
        id=global_id("Project", place.pk),
        number=place.pk,
        name=place.name,
        entity=entity_of(place.team),
        description=place.description,
        created_at=place.created_at,
        access="PRIVATE",
        types=[],
    )


def place_and_key(id: str) -> tuple[str, int]:
    """Read an id. A registry has that of a project, with a number that no project has; before it had one of its own."""
    kind, key = kind_and_key(id)
    return ("Registry", key - REGISTRY_NUMBERS) if kind == "Project" and key > REGISTRY_NUMBERS else (kind, key)


def find_sdk_project(user: User, entity: str, name: str) -> SdkProject | None:
    """Give it to whoever may see it: the SDK also asks for what is not there yet."""
    try:
        return _named(user, entity, name, Role.VIEWER, RegistryRole.RESTRICTED_VIEWER)
    except Http404:
        return None


def changeable_sdk_project(user: User, entity: str, name: str) -> SdkProject:
    """Give it to whoever may change what is in it; 404 for what they cannot see, 403 where the role is too low."""
    return _named(user, entity, name, Role.MEMBER, RegistryRole.MEMBER)


def may_change(user: Visitor, place: SdkProject) -> bool:
    if isinstance(place, Registry):
        return registries.may(user, place, RegistryRole.MEMBER)
    return teams.may_within(user, place, Role.MEMBER)


def collections_in(place: SdkProject) -> QuerySet[Collection]:
    return registries.collections_of(place) if isinstance(place, Registry) else collections_of(place)


def find_collection(place: SdkProject, name: str) -> Collection | None:
    return collections_in(place).filter(name=name).first()


def changeable_collection(user: User, entity: str, project: str, name: str) -> Collection:
    found = find_collection(changeable_sdk_project(user, entity, project), name)
    if found is None:
        raise Http404(f"There is no collection {name!r} in {entity}/{project}.")
    return found


def entry_at(place: SdkProject, path: str) -> Entry | None:
    """Give the version of `collection:v3`, `collection:alias` or `collection:digest`; `latest` where none is said."""
    name, _, version = path.partition(":")
    collection = find_collection(place, name)
    return find_entry(collection, version or "latest") if collection is not None else None


def _named(user: User, entity: str, name: str, least: Role, in_registry: RegistryRole) -> SdkProject:
    if not name.startswith(REGISTRY_PREFIX):
        return project_named(user, entity, name, least)
    owner = entity_named(user, entity)
    if owner is None:
        raise Http404(f"There is no organization or team {entity!r} here, or you are not in it.")
    registry = name.removeprefix(REGISTRY_PREFIX)
    if registry == DEFAULT_REGISTRY:
        make_default_registry(owner.organization)
    return registries.registry_named(user, owner.organization.name, registry, in_registry)


def _registry(registry: Registry) -> SdkProjectView:
    return SdkProjectView(
        id=global_id("Project", REGISTRY_NUMBERS + registry.pk),
        number=REGISTRY_NUMBERS + registry.pk,
        name=registry.project_name,
        entity=Entity(registry.organization),
        description=registry.description,
        created_at=registry.created_at,
        access=_ACCESS[Visibility(registry.visibility)],
        types=registry.types,
    )
