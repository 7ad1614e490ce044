"""How many bytes a team may keep: counted by run and file, shown to its admins, refused beyond."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from projects.file_storage import signed_links
from projects.models import HistoryChunk, Run, StoredFile
from projects.quota import count_uncounted_runs, usage_of
from projects.runs.editing import delete_run
from projects.runs.files import register_files
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import create_project
from tests.world import World

RUN = "/api/v1/projects/acme/mnist/runs/run1"


@pytest.fixture(autouse=True)
def nothing_counted_yet(world: World) -> None:
    cache.delete_many([*(f"quota:{team.pk}" for team in (world.team, world.other_team)), "projects.quota.counted"])


@pytest.fixture
def run(world: World) -> Run:
    return world.run()


def log(api: APIClient, offset: int = 0, size: int = 500) -> Any:
    return api.post(f"{RUN}/history", {"offset": offset, "rows": [{"loss": 1, "text": "x" * size}]}, format="json")


def stream(world: World, body: dict[str, Any]) -> Any:
    headers = {"HTTP_AUTHORIZATION": f"Bearer {world.keys['alice']}"}
    return Client().post("/files/acme/mnist/run1/file_stream", json.dumps(body), "application/json", **headers)


def fill(world: World, settings: Any, api: APIClient) -> None:
    """Let the team keep more than it may."""
    assert log(api).status_code == 200
    settings.TEAM_QUOTA = 100


def test_what_a_team_keeps_is_its_rows_and_files_and_nobody_elses(run: Run, api: APIClient, world: World) -> None:
    log(api)
    other = start_run(create_project(world.other_team, "theirs"), "r", RunDetails(), user=None).run
    Run.objects.filter(pk=other.pk).update(bytes_logged=10_000)
    StoredFile.objects.create(team=world.team, key="a", md5="a", size=70, arrived_at=run.created_at)
    StoredFile.objects.create(team=world.team, key="b", size=9_999)  # never arrived
    StoredFile.objects.create(team=world.other_team, key="c", md5="a", size=700, arrived_at=run.created_at)
    usage = usage_of(world.team)
    stored = HistoryChunk.objects.get(run=run)
    assert (usage.rows, usage.files) == (len(json.dumps(stored.rows, separators=(",", ":"))), 70)
    delete_run(run)
    assert usage_of(world.team).rows == 0


def test_a_repeat_is_not_counted_twice_and_both_streams_are(run: Run, api: APIClient, world: World) -> None:
    log(api)
    once = usage_of(world.team).rows
    log(api)
    assert usage_of(world.team).rows == once
    api.post(f"{RUN}/history", {"offset": 0, "rows": [{"cpu": 1}], "stream": "system"}, format="json")
    assert usage_of(world.team).rows == once + len('[{"cpu":1}]')


def test_rows_over_the_quota_are_refused_with_413_at_both_doors_and_nothing_is_stored(
    run: Run, api: APIClient, world: World, settings: Any
) -> None:
    fill(world, settings, api)
    rest = log(api, offset=1)
    assert (rest.status_code, rest.json()["errors"][0]["field"]) == (413, "quota")
    assert "RUNBELL_TEAM_QUOTA_MB" in rest.json()["detail"]
    content = {"wandb-history.jsonl": {"offset": 1, "content": ['{"loss":2}']}}
    sdk = stream(world, {"files": content})
    assert sdk.status_code == 413
    assert sdk.json()["errors"][0]["message"].startswith("quota: The team acme keeps 0.0 MiB")
    assert HistoryChunk.objects.count() == 1


def test_a_run_over_the_quota_still_says_that_it_is_alive_and_how_it_ended(
    run: Run, api: APIClient, world: World, settings: Any
) -> None:
    fill(world, settings, api)
    assert stream(world, {}).status_code == 200
    assert stream(world, {"complete": True, "exitcode": 0}).status_code == 200
    run.refresh_from_db()
    assert run.state == "finished"


def test_over_the_quota_no_run_begins_and_those_that_are_there_are_resumed(
    run: Run, api: APIClient, world: World, settings: Any
) -> None:
    fill(world, settings, api)
    runs = "/api/v1/projects/acme/mnist/runs"
    assert api.post(runs, {"name": "new"}, format="json").status_code == 413
    assert api.post(runs, {"name": "run1"}, format="json").status_code == 200


def test_a_file_that_has_no_room_is_refused_before_it_is_read(run: Run, world: World, settings: Any) -> None:
    settings.TEAM_QUOTA = 100
    (file,) = register_files(run, ["weights.bin"])
    address = signed_links.upload_url_for_run(file, by=world.users["alice"]).removeprefix(settings.RUNBELL_URL)
    assert Client().put(address, b"x" * 101).status_code == 413
    assert StoredFile.objects.count() == 0
    assert Client().put(address, b"x" * 60).status_code == 200
    # The first counts at once: no second one slips in behind it.
    assert Client().put(address, b"y" * 60).status_code == 413


def test_without_a_quota_nothing_is_added_up_on_the_way(run: Run, api: APIClient, settings: Any) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert log(api).status_code == 200
    assert [query["sql"] for query in asked.captured_queries if "SUM(" in query["sql"]] == []
    settings.TEAM_QUOTA = 10**9
    with CaptureQueriesContext(connection) as asked:
        for offset in range(1, 4):
            assert log(api, offset=offset).status_code == 200
    assert len([query["sql"] for query in asked.captured_queries if "SUM(" in query["sql"]]) == 2


def test_runs_from_before_are_counted_by_the_sweep(run: Run, api: APIClient, world: World) -> None:
    log(api)
    counted = usage_of(world.team).rows
    Run.objects.update(bytes_logged=None)
    log(api, offset=1)
    assert usage_of(world.team).rows == 0
    count_uncounted_runs()
    assert usage_of(world.team).rows == 2 * counted
    log(api, offset=2)
    assert usage_of(world.team).rows == 3 * counted


def test_admins_of_a_team_see_what_it_keeps_of_what_it_may(
    run: Run, api: APIClient, world: World, settings: Any
) -> None:
    settings.TEAM_QUOTA = 5 * 2**20
    Run.objects.update(bytes_logged=2 * 2**20)
    client = Client()
    client.force_login(world.users["alice"])
    page = client.get("/settings/").content.decode()
    assert "acme: 2.0 MiB of 5.0 MiB" in page
    assert "other" not in page.partition("MiB")[0].rpartition("<h2")[2]
    settings.TEAM_QUOTA = 0
    assert "acme: 2.0 MiB" in client.get("/settings/").content.decode()
