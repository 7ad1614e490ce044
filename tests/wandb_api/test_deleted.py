"""What was deleted answers by its id, to who could see it."""

from __future__ import annotations

import pytest

from artifacts import editing
from artifacts.models import Collection, DeletedArtifact, Registry, Version, Visibility
from artifacts.services import create_version, get_or_create_collection
from registries.models import RegistryRole
from registries.services import create_registry, link, set_role_of_team
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.projects import REGISTRY_NUMBERS
from wandb_api.lookup.versions import id_of

VERSION = """query($id: ID!) { artifact(id: $id) { id state versionIndex digest
    artifactSequence { id name state project { name } } aliases { alias } } }"""
COLLECTION = "query($id: ID!) { artifactCollection(id: $id) { __typename id name state project { name } } }"
DELETE = (
    "mutation($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true}) { artifact { id state } } }"
)


@pytest.fixture
def version(world: World) -> Version:
    return create_version(get_or_create_collection(world.project, "model", "model")[0], "d1").entry.version


def of(world: World, name: str) -> GraphQL:
    return GraphQL(world.keys[name])


def test_a_deleted_version_says_so_to_its_team_and_to_nobody_else(world: World, version: Version) -> None:
    id, place = id_of(version), global_id("ArtifactCollection", version.collection_id)
    editing.delete_version(version, with_aliases=True)
    sequence = {"id": place, "name": "model", "state": "READY", "project": {"name": "mnist"}}
    gone = {
        "id": id,
        "state": "DELETED",
        "versionIndex": 0,
        "digest": "d1",
        "artifactSequence": sequence,
        "aliases": [],
    }
    assert of(world, "vera").data(VERSION, id=id)["artifact"] == gone
    assert of(world, "charlie").send(VERSION, id=id)[0] == 404


def test_with_its_collection_gone_the_version_still_says_where_it_was(world: World, version: Version) -> None:
    id, place = id_of(version), global_id("ArtifactCollection", version.collection_id)
    editing.delete_collection(version.collection)
    sequence = {"id": place, "name": "model", "state": "DELETED", "project": {"name": "mnist"}}
    assert of(world, "vera").data(VERSION, id=id)["artifact"]["artifactSequence"] == sequence
    found = of(world, "vera").data(COLLECTION, id=place)["artifactCollection"]
    assert found == {"__typename": "ArtifactSequence", **sequence}
    assert of(world, "charlie").send(COLLECTION, id=place)[0] == 404


def test_who_saw_it_in_a_registry_is_told_as_long_as_they_see_that(world: World, version: Version) -> None:
    models = create_registry(world.team.organization, "models", by=world.users["alice"])
    link(version, models, "production")
    hall, id = Collection.objects.get(registry=models), id_of(version)
    editing.delete_version(version, with_aliases=True)
    editing.delete_collection(hall)
    guest = _guest(world)
    told = guest.data(VERSION, id=id)["artifact"]
    assert (told["state"], told["artifactSequence"]["project"]) == ("DELETED", None)
    assert (
        guest.data(COLLECTION, id=global_id("ArtifactCollection", hall.pk))["artifactCollection"]["state"] == "DELETED"
    )
    Registry.objects.update(visibility=Visibility.RESTRICTED)
    assert guest.send(VERSION, id=id)[0] == 404


def test_deleting_once_more_is_harmless_for_who_may_delete(world: World, version: Version) -> None:
    id = id_of(version)
    once = of(world, "bob").data(DELETE, id=id)
    assert (
        once == of(world, "bob").data(DELETE, id=id) == {"deleteArtifact": {"artifact": {"id": id, "state": "DELETED"}}}
    )
    assert of(world, "vera").send(DELETE, id=id)[0] == 404
    place = global_id("ArtifactCollection", version.collection_id)
    delete = """mutation($id: ID!) { deleteArtifactSequence(input: {artifactSequenceID: $id}) {
        artifactCollection { state } } }"""
    for _ in range(2):
        said = of(world, "bob").data(delete, id=place)["deleteArtifactSequence"]
        assert said == {"artifactCollection": {"state": "DELETED"}}
    assert of(world, "vera").send(delete, id=place)[0] == 404
    assert DeletedArtifact.objects.count() == 2


def test_a_registry_is_deleted_once_more_by_who_may_have_deleted_it_and_nobody_else(world: World) -> None:
    delete = "mutation($id: String!) { deleteModel(input: {id: $id}) { success } }"
    world.team.organization.admins.add(world.users["alice"])
    models = create_registry(world.team.organization, "models", by=world.users["bob"])
    set_role_of_team(models, "acme", RegistryRole.VIEWER)
    id = global_id("Project", models.pk + REGISTRY_NUMBERS)
    assert of(world, "vera").send(delete, id=id)[0] == 403
    for person in ("bob", "bob", "alice"):
        assert of(world, person).data(delete, id=id) == {"deleteModel": {"success": True}}
    for person in ("vera", "charlie"):
        assert of(world, person).send(delete, id=id)[0] == 404
    never = global_id("Project", models.pk + REGISTRY_NUMBERS + 1)
    assert of(world, "alice").send(delete, id=never)[0] == 404
    again = create_registry(world.team.organization, "models", by=world.users["bob"])
    assert of(world, "bob").data(delete, id=id) == {"deleteModel": {"success": True}}
    assert Registry.objects.filter(pk=again.pk).exists()


def _guest(world: World) -> GraphQL:
    """Charlie's team is in the organization from now on."""
    world.other_team.organization = world.team.organization
    world.other_team.save()
    return of(world, "charlie")
