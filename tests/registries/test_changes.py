"""Changing, renaming and deleting registries, and what they take."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from artifacts.models import Collection, Registry, Version
from common.data.validation_errors import Conflict
from registries import services
from registries.access import versions_seen_by
from teams.models import AuditEvent
from tests.artifacts.making import made
from tests.world import World


@pytest.fixture
def registry(world: World) -> Registry:
    return services.create_registry(world.team.organization, "models")


def test_what_is_not_said_stays(registry: Registry) -> None:
    services.change_registry(registry, description="Ours", types=["model"])
    changed = services.change_registry(registry, visibility="restricted")
    assert (changed.name, changed.description, changed.visibility, changed.types) == (
        "models", "Ours", "restricted", ["model"],
    )  # fmt: skip


def test_a_registry_is_renamed_unless_the_name_is_taken(world: World, registry: Registry) -> None:
    assert services.change_registry(registry, name="better").name == "better"
    services.create_registry(world.team.organization, "other")
    with pytest.raises(Conflict, match="has a registry 'other' already"):
        services.change_registry(registry, name="other")
    registry.refresh_from_db()
    assert registry.name == "better"


def test_only_versions_of_its_types_may_be_linked(registry: Registry, model: Collection) -> None:
    version = made(model, "d1").version
    services.change_registry(registry, types=["dataset"])
    registry.refresh_from_db()
    with pytest.raises(Conflict, match="is of the type 'model', and the registry research/models takes dataset only"):
        services.link(version, registry, "production")
    assert registry.collections.count() == 0
    assert services.link(version, services.change_registry(registry, types=["dataset", "model"]), "p").created


def test_a_type_that_cannot_be_one_is_refused(registry: Registry) -> None:
    with pytest.raises(ValidationError, match="is no usable type"):
        services.change_registry(registry, types=["a/b"])


def test_a_deleted_registry_leaves_the_versions_where_they_were_made(registry: Registry, model: Collection) -> None:
    version = made(model, "d1").version
    services.link(version, registry, "production")
    services.delete_registry(registry)
    assert (list(Version.objects.all()), list(Collection.objects.all())) == ([version], [model])


def test_changes_are_in_the_audit_log(registry: Registry) -> None:
    services.change_registry(registry, description="Ours")
    services.delete_registry(registry)
    rows = AuditEvent.objects.filter(verb__startswith="registry.").order_by("pk")
    assert list(rows.values_list("verb", flat=True)) == [
        "registry.create", "registry.change", "registry.delete",
    ]  # fmt: skip


def test_a_version_is_seen_by_its_team_and_by_who_sees_a_registry_it_is_linked_into(
    world: World, registry: Registry, model: Collection
) -> None:
    version = made(model, "d1").version
    assert list(versions_seen_by(world.users["vera"])) == [version]
    assert list(versions_seen_by(world.users["charlie"])) == []
    services.link(version, registry, "production")
    assert list(versions_seen_by(world.users["charlie"])) == [version]
    services.change_registry(registry, visibility="restricted")
    assert list(versions_seen_by(world.users["charlie"])) == []
