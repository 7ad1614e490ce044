"""Runs over GraphQL, as the SDK asks for them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event
from projects.models import HistoryChunk, Run
from projects.runs.ingest import FileStreamPost, ingest_file_stream
from projects.runs.lifecycle import finish_run, mark_crashed
from teams.models import AuditEvent
from tests.operations.test_deletion import purged
from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.test_file_stream import Script
from tests.world import World
from wandb_api.graphql.global_ids import global_id

UPSERT = """mutation Upsert($input: UpsertBucketInput!) {
    upsertBucket(input: $input) { bucket { id name displayName config } inserted } }"""
DELETE = "mutation Delete($input: DeleteRunInput!) { deleteRun(input: $input) { clientMutationId } }"
SAY = "mutation Say($input: UpdateRunStateInput!) { updateRunState(input: $input) { success } }"
STOP = "mutation Stop($id: ID!) { stopRun(input: {id: $id}) { success } }"
RESUME = """query Resume($name: String!) { model(name: "mnist", entityName: "acme") { bucket(name: $name) {
    historyLineCount eventsLineCount logLineCount historyTail eventsTail config tags
    wandbConfig(keys: ["t"]) summaryMetrics } } }"""
WHERE = {"entityName": "acme", "modelName": "mnist"}


def upsert(graphql: GraphQL, **sent: Any) -> dict[str, Any]:
    found: dict[str, Any] = graphql.data(UPSERT, input=sent)["upsertBucket"]
    return found


def states() -> list[str]:
    return [event.data["state"] for event in Event.objects.filter(kind="run.state").order_by("pk")]


def test_a_run_is_started_once_however_often_that_is_said(graphql: GraphQL) -> None:
    assert upsert(graphql, name="r1", **WHERE)["inserted"] is True
    assert upsert(graphql, name="r1", **WHERE)["inserted"] is False
    assert states() == ["running"]


def test_a_run_may_begin_as_one_that_waits_and_runs_once_its_script_starts(graphql: GraphQL) -> None:
    for _ in range(2):
        upsert(graphql, name="r1", state="pending", **WHERE)
    Run.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))
    assert (mark_crashed(), states()) == (0, ["pending"])
    upsert(graphql, name="r1", state="running", **WHERE)
    # What runs, or is over, is not put back by this.
    upsert(graphql, name="r1", state="pending", **WHERE)
    finish_run(Run.objects.get(), 0)
    upsert(graphql, name="r1", state="pending", **WHERE)
    assert states() == ["pending", "running", "finished"]


def test_what_is_null_stays_as_it_is(graphql: GraphQL) -> None:
    config = json.dumps({"lr": {"value": 0.1, "desc": None}, "_wandb": {"value": {"t": {"4": "3.11"}}}})
    upsert(graphql, name="r1", displayName="mine", tags=["a"], notes="n", config=config, groupName="g", **WHERE)
    answer = upsert(graphql, name="r1", displayName=None, tags=None, config=None, **WHERE)
    run = Run.objects.get()
    assert (run.display_name, run.tags, run.notes, run.group) == ("mine", ["a"], "n", "g")
    assert (run.config, run.telemetry) == ({"lr": 0.1}, {"t": {"4": "3.11"}})
    said = json.loads(answer["bucket"]["config"])
    assert said == {"lr": {"value": 0.1}, "_wandb": {"value": {"t": {"4": "3.11"}}}}


def test_a_run_that_is_over_runs_again_when_its_script_starts_again(graphql: GraphQL, world: World) -> None:
    finish_run(world.run("r1"), 1)
    upsert(graphql, name="r1", **WHERE)
    assert states() == ["running", "failed", "running"]


def test_a_change_by_id_alone_does_not_bring_a_run_back_to_life(graphql: GraphQL, world: World) -> None:
    run = finish_run(world.run("r1"), 0)
    upsert(graphql, id=global_id("Run", run.pk), notes="looked at", summaryMetrics='{"best": 1}')
    run.refresh_from_db()
    assert (run.state, run.notes, run.shown_summary) == ("finished", "looked at", {"best": 1})
    assert states() == ["running", "finished"]


def test_resuming_is_told_exact_counts_and_the_last_rows(graphql: GraphQL, world: World) -> None:
    world.run("run1", config={"lr": 0.1}, telemetry={"t": {"4": "3.11"}, "e": {}})
    script = Script(world.keys["alice"])
    script.log(0, '{"_step":0,"loss":1}', '{"_step":7,"loss":NaN}')
    script.post(files={"wandb-events.jsonl": {"offset": 0, "content": ['{"system.cpu":1}']}})
    script.print(0, "one", "two", "three")
    bucket = graphql.data(RESUME, name="run1")["model"]["bucket"]
    assert [bucket[f"{name}LineCount"] for name in ("history", "events", "log")] == [2, 1, 3]
    assert json.loads(json.loads(bucket["historyTail"])[-1])["_step"] == 7
    assert json.loads(json.loads(bucket["eventsTail"])[-1]) == {"system.cpu": 1}
    assert json.loads(bucket["wandbConfig"]) == {"t": {"4": "3.11"}}


def test_a_run_that_is_not_there_is_null_where_that_is_asked(graphql: GraphQL) -> None:
    assert graphql.data(RESUME, name="nope") == {"model": {"bucket": None}}


def test_a_run_whose_person_was_deleted_and_a_project_have_a_user_to_read(graphql: GraphQL, world: World) -> None:
    world.run("r1", user="bob")
    world.users["bob"].delete()
    found = graphql.data("""{ project(name: "mnist", entityName: "acme") {
        user { id name username email admin deletedAt entity teams { edges { node { name } } }
               organizations { name } apiKeys { edges { node { name } } } }
        run(name: "r1") { user { name username } } } }""")["project"]
    assert found["run"]["user"] == {"name": "deleted", "username": ""}
    assert found["user"] == {
        "id": global_id("User", 0), "name": "nobody", "username": "", "email": "", "admin": False, "deletedAt": None,
        "entity": None, "teams": {"edges": []}, "organizations": [], "apiKeys": {"edges": []},
    }  # fmt: skip


def test_what_was_logged_last_stands_with_each_number(graphql: GraphQL, world: World) -> None:
    world.run("run1")
    Script(world.keys["alice"]).log(
        0, {"_step": 0, "loss": 1, "dict": {"val": 2.5}}, {"_step": 11, "loss": 0.5, "t": "x"}
    )
    query = """query($desc: String) { project(name: "mnist", entityName: "acme") {
        run(name: "run1", desc: $desc) { historyKeys } } }"""
    found = graphql.data(query, desc="a" * 10**6)["project"]["run"]["historyKeys"]
    assert found["lastStep"] == 11
    assert {name: one.get("previousValue") for name, one in found["keys"].items()} == {
        "_step": 11,
        "loss": 0.5,
        "dict.val": 2.5,
        "t": None,
    }


def test_a_run_without_telemetry_counts_as_one_that_began(graphql: GraphQL, world: World) -> None:
    world.run("r1")
    assert json.loads(graphql.data(RESUME, name="r1")["model"]["bucket"]["wandbConfig"]) == {"t": {}}


def test_a_deleted_run_is_gone_with_what_it_logged_and_the_audit_log_says_so(graphql: GraphQL, world: World) -> None:
    run = world.run("run1")
    Script(world.keys["alice"]).log(0, {"loss": 1})
    graphql.data(DELETE, input={"id": global_id("Run", run.pk)})
    assert Run.objects.count() == 0
    purged()
    assert (Run.all_rows.count(), HistoryChunk.objects.count()) == (0, 0)
    assert AuditEvent.objects.get(verb="run.delete").target == "run acme/mnist/run1"


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404)])
@pytest.mark.parametrize("mutation", [UPSERT, DELETE])
def test_who_may_not_change_a_run_does_not(world: World, mutation: str, who: str, status: int) -> None:
    run = ingest_file_stream(world.run("r1"), FileStreamPost())
    answer, _body = GraphQL(world.keys[who]).send(mutation, input={"id": global_id("Run", run.pk)})
    assert answer == status
    assert Run.objects.get().state == "running"


@pytest.mark.parametrize("id", ["", "nope", "UnVuOg==", global_id("Project", 1), global_id("Run", 10**30)])
def test_an_id_of_nothing_is_not_found(graphql: GraphQL, world: World, id: str) -> None:
    world.run("r1")
    assert graphql.send(DELETE, input={"id": id})[0] == 404
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        *[(before, "pending", "pending") for before in ("running", "failed", "crashed", "preempted")],
        *[(before, "failed", "failed") for before in ("running", "pending")],
        *[(before, "pending", before) for before in ("finished", "killed", "pending")],
        *[(before, "failed", before) for before in ("finished", "failed", "crashed", "killed", "preempted")],
        ("running", "finished", "running"),
    ],
)
def test_a_run_is_put_back_or_given_up_from_where_it_may_be(
    graphql: GraphQL, world: World, before: str, said: str, after: str
) -> None:
    run = world.run("r1")
    Run.objects.update(state=before)
    status, body = graphql.send(SAY, input={"id": global_id("Run", run.pk), "state": said})
    assert (status == 200, Run.objects.get().state) == (before != after, after), body
    assert states() == (["running"] if before == after else ["running", after])


def test_a_run_that_is_put_back_has_no_end_and_runs_when_it_is_heard_of(graphql: GraphQL, world: World) -> None:
    run = finish_run(world.run("r1"), 3)
    graphql.data(SAY, input={"id": global_id("Run", run.pk), "state": "pending"})
    assert Run.objects.values_list("exit_code", "finished_at").get() == (None, None)
    assert ingest_file_stream(run, FileStreamPost()).state == "running"


def test_a_run_is_asked_to_stop_and_one_that_is_over_is_let_be(graphql: GraphQL, world: World) -> None:
    run = world.run("r1")
    for _ in range(2):
        assert graphql.data(STOP, id=global_id("Run", run.pk)) == {"stopRun": {"success": True}}
    assert Run.objects.get().stop_requested_at is not None
    over = finish_run(world.run("r2"), 0)
    assert graphql.data(STOP, id=global_id("Run", over.pk)) == {"stopRun": {"success": True}}
    assert Run.objects.get(pk=over.pk).stop_requested_at is None


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404)])
def test_who_may_only_look_says_nothing_of_a_run(world: World, who: str, status: int) -> None:
    id, graphql = global_id("Run", world.run("r1").pk), GraphQL(world.keys[who])
    assert graphql.send(STOP, id=id)[0] == status
    assert graphql.send(SAY, input={"id": id, "state": "failed"})[0] == status
    assert Run.objects.values_list("state", "stop_requested_at").get() == ("running", None)


REWIND = """mutation($run: String!, $step: Float!) {
    rewindRun(input: {runName: $run, entityName: "acme", projectName: "mnist", metricName: "_step",
                      metricValue: $step}) {
        rewoundRun { name historyLineCount project { entity { name } } } } }"""


def test_a_run_is_rewound_as_the_sdk_asks_it_and_the_audit_log_says_so(graphql: GraphQL, world: World) -> None:
    world.run("run1")
    Script(world.keys["alice"]).log(0, *({"_step": step, "loss": step} for step in range(20)))
    found = graphql.data(REWIND, run="run1", step=5)["rewindRun"]["rewoundRun"]
    assert found == {"name": "run1", "historyLineCount": 6, "project": {"entity": {"name": "acme"}}}
    assert AuditEvent.objects.get(verb="run.rewind").after == {"rows_logged": 6}


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("charlie", 404)])
def test_who_may_not_rewind_a_run_does_not(world: World, who: str, status: int) -> None:
    world.run("run1")
    Script(world.keys["alice"]).log(0, {"_step": 0}, {"_step": 1})
    assert GraphQL(world.keys[who]).send(REWIND, run="run1", step=0)[0] == status
    assert Run.objects.get().rows_logged == 2
