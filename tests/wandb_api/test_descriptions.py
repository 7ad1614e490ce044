"""A description that was never said is null, and one that was said to be empty is not."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts.models import Collection, Version
from artifacts.services import create_version, get_or_create_collection
from projects.models import Project
from registries.services import create_registry
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.versions import id_of

SAID: list[str | None] = [None, "", "ours"]
UPSERT = "mutation($input: UpsertModelInput!) { upsertModel(input: $input) { project { description } } }"
COLLECTION = """mutation($input: UpdateArtifactSequenceInput!) { updateArtifactSequence(input: $input) {
    artifactCollection { description } } }"""
VERSION = "mutation($input: UpdateArtifactInput!) { updateArtifact(input: $input) { artifact { description } } }"
CREATE = "mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { description } } }"


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize(("entity", "name"), [("acme", "fresh"), ("org.research", "wandb-registry-fresh")])
def test_a_project_or_registry_is_described_as_it_was_said(
    graphql: GraphQL, world: World, entity: str, name: str, said: str | None
) -> None:
    world.team.organization.admins.add(world.users["alice"])
    sent = {"entityName": entity, "name": name, "description": said}
    assert graphql.data(UPSERT, input=sent)["upsertModel"]["project"] == {"description": said}
    read = "query($e: String!, $n: String!) { project(entityName: $e, name: $n) { description } }"
    assert graphql.data(read, e=entity, n=name)["project"] == {"description": said}


@pytest.mark.parametrize("said", SAID)
def test_a_version_is_described_as_it_was_sent(graphql: GraphQL, world: World, said: str | None) -> None:
    draft: dict[str, Any] = {
        "entityName": "acme", "projectName": "mnist", "artifactTypeName": "model", "digest": "d", "clientID": "c",
        "artifactCollectionNames": ["model"], "digestAlgorithm": "MANIFEST_MD5", "description": said,
    }  # fmt: skip
    assert graphql.data(CREATE, input=draft)["createArtifact"]["artifact"] == {"description": said}


def test_what_is_not_said_stays_and_what_is_empty_empties(graphql: GraphQL, world: World) -> None:
    model = get_or_create_collection(world.project, "model", "model")[0]
    version = create_version(model, "d").entry.version
    for said, then in ((None, None), ("ours", "ours"), (None, "ours"), ("", "")):
        of_model = {"artifactSequenceID": global_id("ArtifactCollection", model.pk), "description": said}
        told = graphql.data(COLLECTION, input=of_model)["updateArtifactSequence"]["artifactCollection"]
        of_version = {"artifactID": id_of(version), "description": said}
        told_too = graphql.data(VERSION, input=of_version)["updateArtifact"]["artifact"]
        assert told == told_too == {"description": then}


def test_rest_and_pages_say_none_as_empty(graphql: GraphQL, world: World) -> None:
    create_version(get_or_create_collection(world.project, "model", "model")[0], "d")
    create_registry(world.team.organization, "models")
    Project.objects.update(description=None)
    for address in (
        "projects/acme/mnist", "projects/acme/mnist/collections/model", "registries/research/models",
        "projects/acme/mnist/collections/model/versions/v0",
    ):  # fmt: skip
        answer = graphql.client.get(f"/api/v1/{address}", headers=graphql.headers)
        assert (answer.status_code, answer.json().get("description")) == (200, ""), address
    assert (Collection.objects.get().description, Version.objects.get().description) == (None, None)
    graphql.client.force_login(world.users["alice"])
    page = graphql.client.get("/acme/mnist/artifacts/model/model").content.decode()
    assert ("None</textarea>" in page, "</textarea>" in page) == (False, True)
