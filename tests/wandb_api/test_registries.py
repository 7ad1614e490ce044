"""Registries over GraphQL, in this process: who may make, change and people them."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts.models import Registry
from registries.models import RegistryMember
from registries.services import create_registry
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id

UPSERT = "mutation($input: UpsertModelInput!) { upsertModel(input: $input) { inserted project { name access } } }"
RENAME = "mutation($input: RenameProjectInput!) { renameProject(input: $input) { inserted project { name } } }"
DELETE = "mutation($id: String!) { deleteModel(input: {id: $id}) { success } }"
ADD = "mutation($input: CreateProjectMembersInput!) { createProjectMembers(input: $input) { success } }"


@pytest.fixture
def registry(world: World) -> Registry:
    return create_registry(world.team.organization, "models", types=["model"])


@pytest.fixture
def admin(world: World, graphql: GraphQL) -> GraphQL:
    world.team.organization.admins.add(world.users["alice"])
    return graphql


def saying(**values: Any) -> dict[str, Any]:
    return {"entityName": "org.research", "name": "wandb-registry-models", **values}


def test_only_an_admin_of_the_organization_makes_one(world: World, graphql: GraphQL) -> None:
    assert graphql.send(UPSERT, input=saying())[0] == 403
    world.team.organization.admins.add(world.users["alice"])
    assert graphql.data(UPSERT, input=saying(access="RESTRICTED"))["upsertModel"] == {
        "inserted": True,
        "project": {"name": "wandb-registry-models", "access": "RESTRICTED"},
    }


def test_new_types_join_those_that_are_there_until_all_are_allowed(admin: GraphQL, registry: Registry) -> None:
    sent = saying(allowAllArtifactTypesInRegistry=False, artifactTypes=[{"name": "dataset"}])
    assert admin.data(UPSERT, input=sent)["upsertModel"]["inserted"] is False
    registry.refresh_from_db()
    assert registry.types == ["model", "dataset"]
    admin.data(UPSERT, input=saying(allowAllArtifactTypesInRegistry=True))
    registry.refresh_from_db()
    assert registry.types == []


def test_nobody_but_its_admins_changes_or_deletes_one(world: World, registry: Registry) -> None:
    id, bob = global_id("Registry", registry.pk), global_id("User", world.users["bob"].pk)
    new = {
        "entityName": "org.research",
        "oldProjectName": "wandb-registry-models",
        "newProjectName": "wandb-registry-x",
    }
    for person in ("bob", "charlie"):
        caller = GraphQL(world.keys[person])
        assert caller.send(UPSERT, input=saying(description="mine"))[0] == 403
        assert caller.send(RENAME, input=new)[0] == 403
        assert caller.send(DELETE, id=id)[0] == 403
        assert caller.send(ADD, input={"projectId": id, "userIds": [bob]})[0] == 403
    registry.refresh_from_db()
    assert (registry.description, registry.name, RegistryMember.objects.count()) == ("", "models", 0)


def test_a_registry_has_no_number_that_a_project_has(graphql: GraphQL, world: World, registry: Registry) -> None:
    query = "query($entity: String!, $name: String!) { project(entityName: $entity, name: $name) { internalId id } }"
    one = graphql.data(query, entity="org.research", name="wandb-registry-models")["project"]
    other = graphql.data(query, entity="acme", name="mnist")["project"]
    assert (one["internalId"], one["id"]) == (
        global_id("ProjectInternalId", 10**12 + registry.pk),
        global_id("Project", 10**12 + registry.pk),
    )
    assert other["internalId"] == global_id("ProjectInternalId", world.project.pk)


def test_an_order_or_a_filter_that_is_none_is_refused_by_its_field(graphql: GraphQL, registry: Registry) -> None:
    query = """query($filters: JSONString, $order: String) { organization(name: "research") { orgEntity {
        projects(filters: $filters, order: $order) { edges { node { name } } } } } }"""
    for variables, said in (
        ({"order": "-shoe_size"}, "order: '-shoe_size' is no order"),
        ({"filters": '{"shoe": 1}'}, "shoe: 'shoe' is no field here"),
        ({"filters": "{"}, "filters: '{' is not JSON"),
    ):
        status, body = graphql.send(query, **variables)
        assert (status, said in body["errors"][0]["message"]) == (422, True), body
