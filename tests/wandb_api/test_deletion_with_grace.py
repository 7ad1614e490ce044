"""What scripts delete is gone at once for every reader, its names are free, and for a week it can be brought back."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from artifacts.models import Alias, Collection, Version
from artifacts.services import create_version, get_or_create_collection
from projects.models import HistoryChunk, Run
from projects.runs.ingest import ingest_rows
from teams.models import AuditEvent, Deletion
from tests.operations.test_deletion import purged
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.versions import id_of

DELETE_RUN = """mutation($id: ID!, $deleteArtifacts: Boolean) {
    deleteRun(input: {id: $id, deleteArtifacts: $deleteArtifacts}) { clientMutationId } }"""
DELETE = "mutation($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true}) { artifact { state } } }"
DELETE_COLLECTION = """mutation($id: ID!) { deleteArtifactSequence(input: {artifactSequenceID: $id}) {
    artifactCollection { state } } }"""


def undo(api: APIClient, status: int = 200) -> Any:
    """Undo the first that was deleted."""
    answer = api.post(f"/api/v1/deletions/{Deletion.objects.earliest('pk').pk}/undo")
    assert answer.status_code == status, answer.content
    return answer.json()


def model_of(world: World) -> Collection:
    return get_or_create_collection(world.project, "model", "model")[0]


@pytest.fixture
def logged(world: World) -> Run:
    run = world.run("run1")
    ingest_rows(run, 0, [{"loss": 0.5}] * 3)
    return run


def test_a_run_is_gone_and_comes_back_with_what_it_logged(graphql: GraphQL, api: APIClient, logged: Run) -> None:
    id = global_id("Run", logged.pk)
    for _ in range(2):
        graphql.data(DELETE_RUN, id=id)
    assert api.get("/api/v1/projects/acme/mnist/runs/run1").status_code == 404
    assert not Run.objects.exists()
    assert [(one.kind, one.name) for one in Deletion.objects.all()] == [("run", "acme/mnist/run1")]
    assert AuditEvent.objects.filter(verb__in=("run.delete", "deletion.schedule")).count() == 2
    undo(api)
    assert api.get("/api/v1/projects/acme/mnist/runs/run1/history").json()["total"] == 3


def test_the_id_of_a_run_is_free_at_once_and_the_one_before_waits_for_it(
    graphql: GraphQL, api: APIClient, world: World, logged: Run
) -> None:
    graphql.data(DELETE_RUN, id=global_id("Run", logged.pk))
    anew = world.run("run1")
    assert (anew.pk == logged.pk, anew.rows_logged) == (False, 0)
    assert "There is another run acme/mnist/run1 by now" in undo(api, 409)["errors"][0]["message"]
    graphql.data(DELETE_RUN, id=global_id("Run", anew.pk))
    undo(api)
    assert Run.objects.get().pk == logged.pk


def test_after_its_grace_all_of_it_is_gone(graphql: GraphQL, logged: Run) -> None:
    graphql.data(DELETE_RUN, id=global_id("Run", logged.pk))
    purged()
    assert (Run.all_rows.count(), HistoryChunk.objects.count()) == (0, 0)


def test_without_a_grace_it_goes_in_the_request(graphql: GraphQL, logged: Run, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 0
    graphql.data(DELETE_RUN, id=global_id("Run", logged.pk))
    assert (Run.all_rows.count(), HistoryChunk.objects.count(), Deletion.objects.count()) == (0, 0, 0)


def test_what_a_run_made_goes_and_comes_back_by_itself(
    graphql: GraphQL, api: APIClient, world: World, logged: Run
) -> None:
    create_version(model_of(world), "d1", run=logged)
    graphql.data(DELETE_RUN, id=global_id("Run", logged.pk), deleteArtifacts=True)
    assert (Run.objects.count(), Version.objects.count()) == (0, 0)
    assert sorted(Deletion.objects.values_list("kind", flat=True)) == ["run", "version"]
    for deletion in Deletion.objects.order_by("pk"):
        assert api.post(f"/api/v1/deletions/{deletion.pk}/undo").status_code == 200
    assert (Run.objects.count(), Version.objects.count()) == (1, 1)


def test_aliases_and_content_of_a_version_are_free_at_once(graphql: GraphQL, api: APIClient, world: World) -> None:
    model = model_of(world)
    first = create_version(model, "d1", aliases=["best"]).entry.version
    graphql.data(DELETE, id=id_of(first))
    second = create_version(model, "d1", aliases=["best"]).entry.version
    assert (second.pk == first.pk, second.index) == (False, 1)
    assert {alias.name: alias.entry.version_id for alias in Alias.objects.all()} == {
        "best": second.pk,
        "latest": second.pk,
    }
    assert "was logged anew meanwhile" in undo(api, 409)["errors"][0]["message"]


def test_a_version_comes_back_with_the_aliases_that_nobody_took(graphql: GraphQL, api: APIClient, world: World) -> None:
    model = model_of(world)
    first = create_version(model, "d1", aliases=["best", "old"]).entry.version
    graphql.data(DELETE, id=id_of(first))
    second = create_version(model, "d2", aliases=["best"]).entry.version
    undo(api)
    assert {alias.name: alias.entry.version_id for alias in Alias.objects.all()} == {
        "best": second.pk,
        "latest": second.pk,
        "old": first.pk,
    }


def test_the_name_of_a_collection_is_free_at_once(graphql: GraphQL, api: APIClient, world: World) -> None:
    model = model_of(world)
    create_version(model, "d1")
    graphql.data(DELETE_COLLECTION, id=global_id("ArtifactCollection", model.pk))
    anew = model_of(world)
    assert (anew.pk == model.pk, anew.versions.count()) == (False, 0)
    assert "There is another collection acme/mnist/model by now" in undo(api, 409)["errors"][0]["message"]
    graphql.data(DELETE_COLLECTION, id=global_id("ArtifactCollection", anew.pk))
    undo(api)
    found = Collection.objects.get()
    assert (found.pk, found.name, found.versions.count()) == (model.pk, "model", 1)
