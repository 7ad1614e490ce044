"""What a run may log: refused by name at REST and GraphQL; left out, and told, of a post to the file stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from projects.models import HistoryChunk, Run
from tests.world import World

RUN = "/api/v1/projects/acme/mnist/runs/run1"
STREAM = "/files/acme/mnist/run1/file_stream"
UPSERT = """mutation Upsert($name: String, $config: JSONString, $summary: JSONString) {
  upsertBucket(input: {entityName: "acme", modelName: "mnist", name: $name, config: $config, summaryMetrics: $summary})
  { bucket { id } inserted } }"""


@pytest.fixture(autouse=True)
def small_limits(settings: Any) -> None:
    settings.MOST_METRICS, settings.METRIC_NAME_LENGTH, settings.MOST_NESTING = 5, 20, 4
    settings.MOST_ROWS, settings.SUMMARY_LIMIT, settings.CONFIG_LIMIT, settings.MOST_RUN_FILES = 10, 300, 200, 3


@pytest.fixture
def run(world: World) -> Run:
    return world.run()


def deep(layers: int) -> Any:
    value: Any = 1
    for _ in range(layers):
        value = {"x": value}
    return value


def post(world: World, **files: Any) -> Any:
    """Post to the file stream, as the SDK does: lines of JSON."""
    names = {"history": "wandb-history.jsonl", "system": "wandb-events.jsonl", "summary": "wandb-summary.json"}
    more = {key: value for key, value in files.items() if key not in names}
    sent = {
        names[name]: {"offset": offset, "content": [json.dumps(row) for row in rows]}
        for name, (offset, rows) in ((name, files[name]) for name in names if name in files)
    }
    headers = {"HTTP_AUTHORIZATION": f"Bearer {world.keys['alice']}"}
    return Client().post(STREAM, json.dumps({"files": sent, **more}), "application/json", **headers)


def upsert(world: World, **variables: Any) -> Any:
    headers = {"HTTP_AUTHORIZATION": f"Bearer {world.keys['alice']}"}
    sent = {"query": UPSERT, "variables": {"name": "run1", **variables}}
    return Client().post("/graphql", json.dumps(sent), "application/json", **headers)


def stored() -> list[Any]:
    return [
        row for rows in HistoryChunk.objects.order_by("stream", "offset").values_list("rows", flat=True) for row in rows
    ]


# Rows ----------------------------------------------------------------------------------------------

# What is sent as the second row; what of it stays; of what the message tells.
TOO_MUCH = {
    "a long name": ({"loss": 2, "n" * 21: 1}, {"loss": 2}, ["nnnnn", "21 characters", "20 (RUNBELL_METRIC_NAME"]),
    "a long name of names": (
        {"loss": 2, "group": {"n" * 15: 1, "a": 1}}, {"loss": 2, "group": {"a": 1}}, ["'group.nnnnn", "21 characters"],
    ),
    "a deep value": (
        {"loss": 2, "a": deep(6)}, {"loss": 2, "a": {"x": {"x": {}}}}, ["a.x.x.x", "4 (RUNBELL_MOST_NESTING)"],
    ),
    "a deep list": ({"loss": 2, "a": [[[[1]]]]}, {"loss": 2}, ["'a'", "RUNBELL_MOST_NESTING"]),
    "deep media": ({"loss": 2, "a": {"_type": "x", "b": deep(5)}}, {"loss": 2}, ["'a'", "RUNBELL_MOST_NESTING"]),
    "too many metrics": (
        {"loss": 2, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, {"loss": 2, "a": 1, "b": 1, "c": 1, "d": 1},
        ["'e'", "5", "RUNBELL_MOST_METRICS"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_MUCH)
def test_rest_refuses_the_batch_by_row_and_name_and_stores_nothing_of_it(run: Run, api: APIClient, case: str) -> None:
    row, _kept, told = TOO_MUCH[case]
    answer = api.post(f"{RUN}/history", {"offset": 0, "rows": [{"loss": 1}, row]}, format="json")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == "rows.1"
    assert all(words in error["message"] for words in told), error["message"]
    run.refresh_from_db()
    assert (stored(), run.summary, run.rows_logged, run.left_out) == ([], {}, 0, {})


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_file_stream_keeps_all_but_that_and_the_run_tells_of_it(run: Run, world: World, case: str) -> None:
    row, kept, told = TOO_MUCH[case]
    answer = post(world, history=(0, [{"loss": 1}, row, {"loss": 3}]))
    assert (answer.status_code, "stopped" in answer.json()) == (200, False)
    assert stored() == [{"loss": 1}, kept, {"loss": 3}]
    run.refresh_from_db()
    assert (run.rows_logged, run.summary["loss"], run.left_out["rows"]["posts"]) == (3, 3, 1)
    assert all(words in run.left_out["rows"]["message"] for words in told), run.left_out


def test_metrics_are_counted_over_all_posts_and_known_ones_go_on(run: Run, api: APIClient, world: World) -> None:
    for name in "abcde":
        assert (
            api.post(f"{RUN}/history", {"offset": ord(name) - 97, "rows": [{name: 1}]}, format="json").status_code
            == 200
        )
    assert api.post(f"{RUN}/history", {"offset": 5, "rows": [{"f": 1}]}, format="json").status_code == 400
    assert api.post(f"{RUN}/history", {"offset": 5, "rows": [{"a": 2}]}, format="json").status_code == 200
    post(world, history=(6, [{"a": 3, "g": 1}]))
    post(world, history=(7, [{"a": 4, "g": 1}]))
    run.refresh_from_db()
    assert run.summary == {"a": 4, "b": 1, "c": 1, "d": 1, "e": 1}
    assert run.left_out["rows"]["posts"] == 2


def test_a_repeat_of_what_is_stored_is_harmless_whatever_the_limits_are_now(
    run: Run, api: APIClient, settings: Any
) -> None:
    rows = [{"a": 1, "b": 1, "c": 1}]
    api.post(f"{RUN}/history", {"offset": 0, "rows": rows}, format="json")
    settings.MOST_METRICS = 1
    answer = api.post(f"{RUN}/history", {"offset": 0, "rows": rows}, format="json")
    assert (answer.status_code, answer.json()["accepted"]) == (200, 0)


def test_rows_a_request_are_limited_over_rest_and_a_file_stream_may_bring_a_whole_run(
    run: Run, api: APIClient, world: World
) -> None:
    """`wandb sync` sends all that was logged offline at once."""
    rows = [{"loss": step} for step in range(11)]
    answer = api.post(f"{RUN}/history", {"offset": 0, "rows": rows}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "rows")
    assert "11 rows in one request; send at most 10 (RUNBELL_MOST_ROWS)" in answer.json()["detail"]
    assert post(world, history=(0, rows)).status_code == 200
    assert len(stored()) == 11


def test_system_metrics_have_the_same_limits(run: Run, api: APIClient, world: World) -> None:
    row = {f"gpu{number}": 1 for number in range(7)}
    sent = {"offset": 0, "rows": [row], "stream": "system"}
    assert api.post(f"{RUN}/history", sent, format="json").status_code == 400
    assert post(world, system=(0, [row])).status_code == 200
    assert stored() == [{f"gpu{number}": 1 for number in range(5)}]


# Summary and config --------------------------------------------------------------------------------


def test_texts_that_would_make_the_summary_too_large_are_refused_over_rest(run: Run, api: APIClient) -> None:
    answer = api.post(f"{RUN}/history", {"offset": 0, "rows": [{"loss": 1, "text": "x" * 400}]}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "summary")
    assert "RUNBELL_SUMMARY_LIMIT_MB" in answer.json()["detail"]
    assert stored() == []


def test_in_a_file_stream_they_stay_in_the_history_and_the_numbers_go_on(run: Run, world: World) -> None:
    post(world, history=(0, [{"loss": 1}]))
    assert post(world, history=(1, [{"loss": 2, "text": "x" * 400}])).status_code == 200
    run.refresh_from_db()
    assert (run.summary, run.rows_logged, stored()[1]["text"]) == ({"loss": 2}, 2, "x" * 400)
    assert "bytes; it may have 300" in run.left_out["summary"]["message"]


@pytest.mark.parametrize("summary", [{"text": "x" * 400}, {"a": deep(6)}], ids=["large", "deep"])
def test_a_summary_that_is_too_much_leaves_the_one_before_it(run: Run, world: World, summary: Any) -> None:
    post(world, summary=(0, [{"loss": 1}]))
    assert post(world, summary=(0, [summary]), complete=True, exitcode=0).status_code == 200
    run.refresh_from_db()
    assert (run.client_summary, run.state, run.left_out["summary"]["posts"]) == ({"loss": 1}, "finished", 1)


@pytest.mark.parametrize("value", ["x" * 300, deep(6)], ids=["large", "deep"])
@pytest.mark.parametrize("field", ["config", "summary"])
def test_graphql_refuses_a_config_or_a_summary_that_is_too_much(world: World, field: str, value: Any) -> None:
    wrapped = {"a": {"value": value}} if field == "config" else {"a": value}
    answer = upsert(world, **{field: json.dumps(wrapped)})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].startswith(f"{field}: ")
    assert not Run.objects.exists()


def test_a_config_that_is_too_much_leaves_the_run_as_it_was(run: Run, world: World) -> None:
    upsert(world, config=json.dumps({"lr": {"value": 0.1}}))
    assert upsert(world, config=json.dumps({"lr": {"value": "x" * 300}})).status_code == 422
    run.refresh_from_db()
    assert run.config == {"lr": 0.1}


def test_rest_refuses_a_config_that_is_too_much(world: World, api: APIClient) -> None:
    answer = api.post("/api/v1/projects/acme/mnist/runs", {"name": "x", "config": {"a": "x" * 300}}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "config")
    assert "bytes; it may have 200 (RUNBELL_CONFIG_LIMIT_MB)" in answer.json()["detail"]
    assert not Run.objects.exists()


# Files ---------------------------------------------------------------------------------------------


def test_files_of_a_run_are_limited_at_both_doors(run: Run, world: World) -> None:
    headers = {"HTTP_AUTHORIZATION": f"Bearer {world.keys['alice']}"}
    query = """mutation Files($names: [String!]!) { createRunFiles(input: {entityName: "acme", projectName: "mnist",
        runName: "run1", files: $names}) { runID } }"""

    def create(*names: str) -> Any:
        sent = {"query": query, "variables": {"names": names}}
        return Client().post("/graphql", json.dumps(sent), "application/json", **headers)

    assert create("a", "b").status_code == 200
    refused = create("a", "c", "d")
    assert refused.status_code == 422
    assert "'c' would be one file more than the 3" in refused.json()["errors"][0]["message"]
    assert post(world, uploaded=["x", "y"]).status_code == 200
    assert sorted(run.files.values_list("name", flat=True)) == ["a", "b"]
    run.refresh_from_db()
    assert "RUNBELL_MOST_RUN_FILES" in run.left_out["files"]["message"]


# Told ----------------------------------------------------------------------------------------------


def test_rest_and_the_page_of_the_run_say_what_was_left_out(run: Run, api: APIClient, world: World) -> None:
    post(world, history=(0, [{"n" * 30: 1}]))
    assert api.get(RUN).json()["left_out"]["rows"]["posts"] == 1
    client = Client()
    client.force_login(world.users["alice"])
    page = client.get("/acme/mnist/runs/run1").content.decode()
    assert "30 characters; a name may have 20" in page
