"""REST's run list tells short configs and summaries whole; of long ones it says that they are cut, and where all is."""

from __future__ import annotations

import time
from typing import Any

from rest_framework.test import APIClient

from projects.models import Run
from projects.runs.ingest import ingest_rows
from tests.processes import crowding
from tests.world import World

RUNS = "/api/v1/projects/acme/mnist/runs"


def rows_of(api: APIClient) -> dict[str, Any]:
    return {row["name"]: row for row in api.get(RUNS).json()["results"]}


def test_what_is_short_is_told_whole(world: World, api: APIClient) -> None:
    run = world.run("short", config={"lr": 0.1})
    ingest_rows(run, 0, [{"loss": float("nan"), "acc": 2}])
    row = rows_of(api)["short"]
    assert (row["config"], row["summary"]["acc"], row["summary"]["loss"], row["cut"]) == ({"lr": 0.1}, 2, None, [])
    one = api.get(row["url"]).json()
    assert {name: one[name] for name in row if name not in ("cut", "url")} == {
        name: row[name] for name in row if name not in ("cut", "url")
    }


def test_what_is_long_is_cut_and_the_run_itself_has_it(world: World, api: APIClient, settings: Any) -> None:
    settings.LISTED_VALUES_LIMIT = 5000
    run = world.run("long", config={"text": "x" * 6000})
    ingest_rows(run, 0, [{f"metric-{number}": number for number in range(1000)}])
    row = rows_of(api)["long"]
    assert (row["config"], row["cut"]) == ({}, ["config", "summary"])
    assert (len(row["summary"]), row["summary"]["metric-199"]) == (200, 199)
    one = api.get(row["url"]).json()
    assert (len(one["summary"]), len(one["config"]["text"])) == (1000, 6000)


def test_what_a_script_says_of_its_run_is_cut_too(world: World, api: APIClient, settings: Any) -> None:
    settings.LISTED_VALUES_LIMIT = 100
    run = world.run("said")
    Run.objects.filter(pk=run.pk).update(client_summary={"best": "x" * 200}, first_metrics=None)
    assert (rows_of(api)["said"]["summary"], rows_of(api)["said"]["cut"]) == ({}, ["summary"])


def test_a_list_of_runs_with_100_000_metrics_each_comes_in_a_moment(world: World, api: APIClient) -> None:
    run = world.run("wide")
    ingest_rows(run, 0, [{f"metric-{number}": number for number in range(100_000)}])
    run.refresh_from_db()
    copies = [
        Run(project=run.project, name=f"wide{number}", summary=run.summary, first_metrics=run.first_metrics)
        for number in range(20)
    ]
    Run.objects.bulk_create(copies)
    begun = time.perf_counter()
    answer = api.get(RUNS)
    assert time.perf_counter() - begun < crowding()
    assert (len(answer.json()["results"]), len(answer.content) < 500_000) == (21, True)
    begun = time.perf_counter()
    assert len(api.get(f"{RUNS}/wide").json()["summary"]) == 100_000
    assert time.perf_counter() - begun < crowding()
