"""Files of a run and what it made, deleted over GraphQL; and files that are not kept."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts.lineage import record_use
from artifacts.models import Version
from artifacts.services import create_version, get_or_create_collection, link
from projects.models import Run, RunFile
from projects.runs.files import record_uploaded, register_files
from tests.artifacts.making import aliases_of
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id

DELETE = """mutation deleteFiles($files: [ID!]!, $projectId: Int) {
    deleteFiles(input: {files: $files, projectId: $projectId}) { success } }"""
DELETE_RUN = """mutation($id: ID!, $deleteArtifacts: Boolean) {
    deleteRun(input: {id: $id, deleteArtifacts: $deleteArtifacts}) { clientMutationId } }"""
CREATE = """mutation($run: String!) { createRunFiles(input: {
    entityName: "acme", projectName: "mnist", runName: $run, files: ["x"]}) { files { uploadUrl } } }"""


@pytest.fixture
def run(world: World) -> Run:
    made = world.run("run1")
    record_uploaded(made, ["a", "b", "c"])
    return made


def ids(run: Run, *names: str) -> list[str]:
    return [global_id("RunFile", file.pk) for file in register_files(run, names)]


def names() -> list[str]:
    return list(RunFile.objects.order_by("name").values_list("name", flat=True))


def test_a_run_that_is_deleted_twice_is_gone_and_only_its_team_is_told_so(world: World, run: Run) -> None:
    id = global_id("Run", run.pk)
    for person, status in (("charlie", 404), ("vera", 403), ("bob", 200)):
        assert GraphQL(world.keys[person]).send(DELETE_RUN, id=id)[0] == status
    assert not Run.objects.exists()
    for person, status in (("charlie", 404), ("vera", 404), ("bob", 200), ("alice", 200)):
        assert GraphQL(world.keys[person]).send(DELETE_RUN, id=id)[0] == status


def test_files_are_deleted_all_or_none(graphql: GraphQL, run: Run) -> None:
    files = ids(run, "a", "b")
    for wrong in (global_id("RunFile", 999), global_id("Run", run.pk), "nope"):
        assert graphql.send(DELETE, files=[*files, wrong], projectId=run.project_id)[0] == 404
    assert names() == ["a", "b", "c"]
    assert graphql.data(DELETE, files=files, projectId=run.project_id) == {"deleteFiles": {"success": True}}
    assert names() == ["c"]


@pytest.mark.parametrize(("person", "status"), [("vera", 403), ("charlie", 404)])
def test_who_may_not_change_a_run_deletes_none_of_its_files(world: World, run: Run, person: str, status: int) -> None:
    assert GraphQL(world.keys[person]).send(DELETE, files=ids(run, "a"))[0] == status
    assert names() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("asked", "count"),
    [("", 3), ('(names: ["a"])', 1), ('(names: ["nope.h5"])', 0), ("(names: [])", 3), ('(pattern: "_")', 3)],
)
def test_the_count_of_files_is_that_of_those_asked_for(graphql: GraphQL, run: Run, asked: str, count: int) -> None:
    query = f"""query {{ project(name: "mnist", entityName: "acme") {{ run(name: "run1") {{ fileCount ...F }} }} }}
        fragment F on Run {{ files{asked} {{ edges {{ node {{ name }} }} }} }}"""
    found = graphql.data(query)["project"]["run"]
    assert (found["fileCount"], len(found["files"]["edges"])) == (count, count)
    alone = """{ project(name: "mnist", entityName: "acme") { r: run(name: "run1") { fileCount } } }"""
    assert graphql.data(alone)["project"]["r"] == {"fileCount": 3}


def test_a_file_is_found_by_the_path_it_was_saved_by(graphql: GraphQL, run: Run) -> None:
    query = """{ project(name: "mnist", entityName: "acme") { run(name: "run1") {
        files(names: ["./a"]) { edges { node { name } } } } } }"""
    assert graphql.data(query)["project"]["run"]["files"] == {"edges": [{"node": {"name": "a"}}]}


def test_a_run_is_deleted_with_what_it_made_and_nothing_else(graphql: GraphQL, world: World, run: Run) -> None:
    model = get_or_create_collection(world.project, "model", "model")[0]
    create_version(model, "before")
    made = create_version(model, "made", aliases=["best"], run=run).entry.version
    record_use(made, run)
    graphql.data(DELETE_RUN, id=global_id("Run", run.pk), deleteArtifacts=True)
    assert (Run.objects.count(), list(Version.objects.values_list("digest", flat=True))) == (0, ["before"])
    assert aliases_of(model) == {"latest": "v0"}


@pytest.mark.parametrize("why", ["is used by the run 'run2'", "is linked"])
def test_what_others_need_keeps_a_run_from_being_deleted_with_it(
    graphql: GraphQL, world: World, run: Run, why: str
) -> None:
    model, best = (get_or_create_collection(world.project, name, "model", holds_links=name == "best")[0]
                   for name in ("model", "best"))  # fmt: skip
    create_version(model, "free", run=run)
    needed = create_version(model, "needed", run=run).entry.version
    link(needed, best) if why == "is linked" else record_use(needed, world.run("run2"))
    status, body = graphql.send(DELETE_RUN, id=global_id("Run", run.pk), deleteArtifacts=True)
    assert (status, f"acme/mnist/model:v1 {why}" in body["errors"][0]["message"]) == (409, True), body
    assert (Run.objects.filter(pk=run.pk).exists(), Version.objects.count()) == (True, 2)
    graphql.data(DELETE_RUN, id=global_id("Run", run.pk))
    assert Version.objects.count() == 2


def test_who_may_not_change_a_run_deletes_none_of_what_it_made(world: World, run: Run) -> None:
    create_version(get_or_create_collection(world.project, "model", "model")[0], "d1", run=run)
    for person, status in (("vera", 403), ("charlie", 404)):
        sent = {"id": global_id("Run", run.pk), "deleteArtifacts": True}
        assert GraphQL(world.keys[person]).send(DELETE_RUN, **sent)[0] == status
    assert (Run.objects.count(), Version.objects.count()) == (1, 1)


def test_where_no_contents_are_kept_a_script_sends_none_and_an_upload_is_refused(
    graphql: GraphQL, run: Run, settings: Any
) -> None:
    settings.KEEPS_FILES = False
    graphql.headers["User-Agent"] = "wandb-core"
    assert graphql.data(CREATE, run="run1")["createRunFiles"]["files"] == [{"uploadUrl": None}]
    for agent in ("W&B Public Client 0.31.0", "W&B Internal Client 0.25.0"):
        graphql.headers["User-Agent"] = agent
        status, body = graphql.send(CREATE, run="run1")
        assert (status, "RUNBELL_ARTIFACT_FILES=off" in body["errors"][0]["message"]) == (422, True)
