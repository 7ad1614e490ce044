"""Import over REST: a run in neutral words, from a machine that reaches the store that Runbell does not."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from automations.models import Execution
from automations.tasks import work
from events.models import Event
from projects.history.reading import rows_of
from projects.models import HistoryChunk, Run
from tests.conftest import as_person
from tests.world import FAILED, World, threshold

IMPORT = "/api/v1/projects/acme/mnist/import"
# 2026-03-01T12:00:00Z
NOON = 1_772_366_400.0


def body(*steps: int, **values: Any) -> dict[str, Any]:
    rows = [{"_step": step, "_timestamp": NOON + step, "loss": 5.0 + step} for step in steps]
    said = {"name": "past", "state": "failed", "started_at": "2026-03-01T12:00:00Z", "ended_at": "2026-03-01T13:00:00Z"}
    return {**said, "rows": rows} | values


def test_a_run_comes_with_its_rows_and_nothing_fires(world: World) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    automation = world.automation(threshold(), event="RUN_METRIC")
    world.automation(FAILED, name="failed")
    bob = as_person(world.keys["bob"])
    answer = bob.post(IMPORT, body(0, 1, config={"lr": 0.1}, tags=["old"], summary={"best": 5}), format="json")
    assert (answer.status_code, answer.json()) == (201, {"created": True, "accepted": 2, "notes": []})
    work()
    assert not Execution.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()
    run = Run.objects.get()
    assert (run.state, run.user, run.config, run.shown_summary) == (
        "failed",
        world.users["bob"],
        {"lr": 0.1},
        {"best": 5},
    )
    assert HistoryChunk.objects.get().created_at.timestamp() == NOON + 1
    backtest = bob.post(f"/api/v1/automations/{automation.pk}/backtest?days=365", {}, format="json").json()
    assert [firing["subject_label"] for firing in backtest["firings"]] == ["past"]


def test_rows_come_in_parts_and_again(world: World, api: APIClient) -> None:
    api.post(IMPORT, body(0, 1), format="json")
    for accepted in (2, 0):
        answer = api.post(IMPORT, body(0, 1, 2, 3), format="json")
        assert (answer.status_code, answer.json()["accepted"]) == (200, accepted)
    assert [row["_step"] for row in rows_of(Run.objects.get())] == [0, 1, 2, 3]


def test_a_fork_of_an_imported_run_has_its_rows(world: World, api: APIClient) -> None:
    api.post(IMPORT, body(0, 1, 2), format="json")
    answer = api.post(IMPORT, body(2, name="child", fork={"run": "past", "step": 1}), format="json")
    assert answer.json()["notes"] == []
    assert [row["_step"] for row in rows_of(Run.objects.get(name="child"))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"state": "running"}, "state"),
        ({"ended_at": "2026-02-01T00:00:00Z"}, "ended_at"),
        ({"ended_at": "2226-02-01T00:00:00Z"}, "ended_at"),
        ({"rows": [{"loss": 1}]}, "rows.0"),
        ({"rows": [1]}, "rows.0"),
        ({"system_rows": [{"_step": 1}]}, "system_rows.0"),
        ({"name": "a/b"}, "name"),
        ({"username": "alice"}, "username"),
    ],
    ids=["running", "ends before it begins", "future", "no step", "no row", "no time", "no id", "somebody else's"],
)
def test_what_cannot_have_been_is_refused(world: World, api: APIClient, values: dict[str, Any], field: str) -> None:
    answer = api.post(IMPORT, body(0, **values), format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not Run.objects.exists()


def test_a_summary_has_the_limits_that_it_has_elsewhere(world: World, api: APIClient, settings: Any) -> None:
    deep: Any = 1
    for _layer in range(6):
        deep = {"a": deep}
    settings.MOST_NESTING, settings.SUMMARY_LIMIT = 5, 1000
    for summary in (deep, {"text": "x" * 1000}):
        answer = api.post(IMPORT, body(0, summary=summary), format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "summary")
    assert not Run.objects.exists()


def test_a_config_does_not_grow_beyond_its_limit_by_parts(world: World, api: APIClient, settings: Any) -> None:
    settings.CONFIG_LIMIT = 1000
    assert api.post(IMPORT, body(0, config={"a": "x" * 700}), format="json").status_code == 201
    answer = api.post(IMPORT, body(1, config={"b": "x" * 700}), format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "config")
    assert api.post(IMPORT, body(1), format="json").status_code == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
def test_what_began_before_all_clocks_is_refused(world: World, api: APIClient, moment: str) -> None:
    answer = api.post(IMPORT, body(0, started_at=moment), format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "started_at")


def test_a_row_from_before_all_clocks_dates_nothing(world: World, api: APIClient) -> None:
    api.post(IMPORT, body(rows=[{"_step": 0, "_timestamp": -62_135_596_800, "loss": 1}]), format="json")
    assert HistoryChunk.objects.get().created_at.timestamp() == NOON
