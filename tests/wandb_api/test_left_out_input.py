"""Input that is not done is never dropped in silence: a call is refused, and of a run it is told once, on its page."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from artifacts.models import Upload
from projects.models import Run
from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.test_operations import OPERATIONS
from tests.world import World
from wandb_api.graphql.input_variables import KnownInput
from wandb_api.graphql.limits import document_cache
from wandb_api.graphql.schema import schema
from wandb_api.sdk_table.inputs import NOT_DONE

CREATE = """mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id } } }"""
COMMIT = """mutation($input: CommitArtifactInput!) { commitArtifact(input: $input) { artifact { id } } }"""
PROJECT = """mutation($input: UpsertModelInput!) { upsertModel(input: $input) { inserted } }"""
UPSERT = """mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) {
    bucket { name } serverSettings { serverMessages { plainText messageLevel } } } }"""
API = "W&B Public Client 0.31.0"
COLOUR = "CreateArtifactInput.colour"


@pytest.fixture
def run(world: World) -> Run:
    return world.run()


def version_of(world: World, **more: Any) -> dict[str, Any]:
    return {
        "entityName": "acme", "projectName": "mnist", "runName": "run1", "artifactTypeName": "model",
        "artifactCollectionName": "m", "digest": "d" * 32, "digestAlgorithm": "MANIFEST_MD5", **more,
    }  # fmt: skip


def notices() -> dict[str, Any]:
    found: dict[str, Any] = Run.objects.get().left_out
    return found


def test_what_a_script_sends_beside_its_training_is_done_and_the_rest_told_once(
    world: World, run: Run, graphql: GraphQL, api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        graphql.data(CREATE, input=version_of(world, colour="red", wishes=None))
    assert Upload.objects.filter(run=run).exists()
    assert {part: note["posts"] for part, note in notices().items()} == {COLOUR: 1}
    assert len([record for record in caplog.records if "colour" in record.getMessage()]) == 1
    shown = api.get("/api/v1/projects/acme/mnist/runs/run1").json()["left_out"][COLOUR]["message"]
    assert shown.startswith("The script says input.'colour' (of CreateArtifactInput). Runbell does not do that")
    assert "red" not in str(notices())


def test_what_the_schema_knows_and_nobody_does_is_told_too(world: World, run: Run, graphql: GraphQL) -> None:
    graphql.data(CREATE, input=version_of(world, labels='{"a": 1}', enableDigestDeduplication=True))
    assert list(notices()) == ["CreateArtifactInput.labels"]
    assert "labels of a version; tags and metadata are kept" in notices()["CreateArtifactInput.labels"]["message"]


def test_of_an_artifact_that_is_being_sent_the_run_is_found_that_sends_it(
    world: World, run: Run, graphql: GraphQL
) -> None:
    sent = graphql.data(CREATE, input=version_of(world))["createArtifact"]["artifact"]["id"]
    graphql.send(COMMIT, input={"artifactID": sent, "seal": "wax"})
    assert list(notices()) == ["CommitArtifactInput.seal"]


def test_a_call_that_waits_for_its_answer_is_refused_and_nothing_is_made(world: World) -> None:
    given = {"name": "new", "entityName": "acme", "isBenchmark": True}
    status, body = GraphQL(world.keys["alice"], API).send(PROJECT, input=given)
    assert status == 501
    assert "does not implement the input input.'isBenchmark' (of UpsertModelInput)" in body["errors"][0]["message"]
    assert not world.team.projects.filter(name="new").exists()


def test_nothing_is_told_of_what_says_nothing(world: World, run: Run) -> None:
    nothing = {"icon": None, "isPublished": False, "views": "{}", "clientMutationId": "7", "newer": None}
    GraphQL(world.keys["alice"], API).data(PROJECT, input={"name": "new", "entityName": "acme", **nothing})
    assert notices() == {}


def test_nobody_is_told_of_a_run_that_is_not_theirs(world: World, run: Run) -> None:
    status, _body = GraphQL(world.keys["charlie"]).send(CREATE, input=version_of(world, colour="red"))
    assert (status, notices()) == (404, {})


def test_a_run_takes_so_many_notices_and_no_more(world: World, run: Run, graphql: GraphQL) -> None:
    for turn in range(6):
        graphql.data(CREATE, input=version_of(world, **{f"c{turn}_{number}" * 90: 1 for number in range(20)}))
    assert len(notices()) == 60
    assert max(map(len, notices())) <= 500


def test_a_run_of_a_sweep_is_refused_at_init(graphql: GraphQL, world: World) -> None:
    status, body = graphql.send(UPSERT, input={"name": "r1", "entityName": "acme", "modelName": "mnist", "sweep": "s1"})
    assert (status, "There are no sweeps here" in body["errors"][0]["message"]) == (422, True)
    assert not Run.objects.exists()


def test_old_versions_get_what_the_page_says_as_messages(graphql: GraphQL, world: World, run: Run) -> None:
    given = {"name": "run1", "entityName": "acme", "modelName": "mnist"}
    graphql.data(UPSERT, input={**given, "colour": "red"})
    (message,) = graphql.data(UPSERT, input=given)["upsertBucket"]["serverSettings"]["serverMessages"]
    assert message == {"plainText": notices()["UpsertBucketInput.colour"]["message"], "messageLevel": "WARN"}


def test_nothing_that_the_sdk_was_recorded_to_send_is_left_out() -> None:
    for operation in OPERATIONS:
        given = KnownInput.of(document_cache.document(operation["query"]), operation["variables"])
        assert given.left_out == [], operation["name"]


@pytest.mark.parametrize("name", NOT_DONE)
def test_what_is_not_done_is_in_the_schema(name: str) -> None:
    kind, _, field = name.partition(".")
    assert field in getattr(schema.type_map[kind], "fields", {})


INLINE = """mutation UpsertBucket($name: String, $project: String, $entity: String, $newer: Newer, $other: String) {
    upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, newer: $newer, colour: $other, %s}) {
        bucket { name } } }"""


@pytest.mark.parametrize(
    ("written", "variables", "left_out"),
    [
        ("ink: null", {"newer": None}, []),
        ("ink: null", {"newer": {"a": 1}, "other": None}, ["UpsertBucketInput.newer"]),
        ('ink: "blue"', {"other": "red"}, ["UpsertBucketInput.colour", "UpsertBucketInput.ink"]),
    ],
)
def test_what_a_later_version_writes_into_its_document_stops_no_training_and_is_told(
    graphql: GraphQL, world: World, written: str, variables: dict[str, Any], left_out: list[str]
) -> None:
    names = {"name": "r1", "project": "mnist", "entity": "acme"}
    assert graphql.data(INLINE % written, **names, **variables) == {"upsertBucket": {"bucket": {"name": "r1"}}}
    assert list(notices()) == left_out


def test_what_else_is_wrong_with_such_a_document_is_refused_as_ever(graphql: GraphQL) -> None:
    status, body = graphql.send("mutation { upsertBucket(input: {ink: 1, name: 7}) { bucket { name } } }")
    assert (status, "String cannot represent" in body["errors"][0]["message"]) == (400, True)
    assert graphql.send('mutation { upsertBucket(input: {} "Unknown type" }')[0] == 400
    status, body = graphql.send("query($a: Newer) { viewer { id shoeSize(of: $a) } }")
    assert (status, "shoeSize" in body["errors"][0]["message"]) == (501, True)
