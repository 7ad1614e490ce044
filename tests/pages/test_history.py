"""The history: live and quiet, filtered; what charts annotate; what a run, a version and a collection caused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from automations.models import Execution
from automations.tasks import work
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from tests.pages.people import PROJECT, bell, executions, text
from tests.world import FAILED, World, threshold

HISTORY = f"{PROJECT}/history"
LOSSES = [0.5, 0.6, 2.0, 3.0, 0.4]


def poll(client: Client, address: str, seen: Any) -> Any:
    query = {"seen": seen["digest"], "newest": seen["newest"]}
    return client.get(address, query, headers={"HX-Request": "true"})


@pytest.mark.parametrize("place", ["project", "automation"])
def test_a_look_for_more_is_quiet_until_there_is_more(place: str, bob: Client, world: World) -> None:
    automation = bell(world)
    executions(automation, 2)
    address = HISTORY if place == "project" else automation.get_absolute_url()
    seen = bob.get(address).context
    assert poll(bob, address, seen).status_code == 204
    (new,) = executions(automation, 1, state="pending")
    part = poll(bob, address, seen)
    assert "<html" not in text(part)
    assert text(part).count('class="fresh"') == 1
    assert f"/executions/{new.pk}" in text(part)
    assert "seen=" in text(part)
    assert "&amp;newest=" in text(part)
    seen = part.context
    Execution.objects.filter(pk=new.pk).update(state="failed")
    assert poll(bob, address, seen).status_code == 200


def test_an_execution_under_way_looks_by_itself_and_an_ended_one_does_not(bob: Client, world: World) -> None:
    (execution,) = executions(bell(world), 1, state="pending")
    page = bob.get(execution.get_absolute_url())
    assert 'hx-trigger="every 2s"' in text(page)
    query = {"seen": page.context["digest"]}
    assert bob.get(execution.get_absolute_url(), query, headers={"HX-Request": "true"}).status_code == 204
    Execution.objects.update(state="delivered")
    part = text(bob.get(execution.get_absolute_url(), query, headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "hx-trigger" not in part


@pytest.mark.parametrize("query", ["automation={pk}", "event=run.state", "action=send_webhook", "state=failed"])
def test_history_is_narrowed(query: str, bob: Client, world: World) -> None:
    automation = bell(world)
    other = world.automation(threshold(), name="other", event="RUN_METRIC", action={"type": "do_nothing"})
    (mine,) = executions(automation, 1, state="failed")
    executions(other, 1, state="delivered")
    page = bob.get(f"{HISTORY}?{query.format(pk=automation.pk)}")
    assert [row.pk for row in page.context["page"].rows] == [mine.pk]


@pytest.mark.parametrize(("former", "state"), [("finished", "delivered"), ("skipped", "suppressed")])
@pytest.mark.parametrize("address", [HISTORY, "{automation}", "/acme/integrations/webhook/hook/deliveries"])
def test_an_address_with_a_former_state_narrows_to_the_same(
    former: str, state: str, address: str, bob: Client, world: World
) -> None:
    automation = bell(world)
    executions(automation, 1, state="failed")
    (mine,) = executions(automation, 1, state=state)
    page = bob.get(address.format(automation=automation.get_absolute_url()), {"state": former})
    assert [row.pk for row in page.context["page"].rows] == [mine.pk]
    assert f'<option value="{state}" selected>' in text(page)


@pytest.mark.parametrize("address", [HISTORY, f"{PROJECT}/automations", "/automations", "{automation}", "{execution}"])
def test_a_page_asks_as_often_for_many_as_for_one(address: str, alice: Client, world: World) -> None:
    automation = bell(world, "bell0")
    (execution,) = executions(automation, 1)
    there = address.format(automation=automation.get_absolute_url(), execution=execution.get_absolute_url())

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert alice.get(there).status_code == 200
        return len(queries)

    few = count()
    for number in range(1, 12):
        executions(bell(world, f"bell{number}"), 60)
    executions(automation, 60)
    assert count() == few


def test_a_former_address_of_annotations_leads_to_the_new_one(bob: Client, world: World) -> None:
    answer = bob.get(f"{PROJECT}/runs/run1/marks?axis=step")
    assert (answer.status_code, answer["Location"]) == (302, f"{PROJECT}/runs/run1/annotations?axis=step")


def fired(world: World) -> Execution:
    """A run whose average of two losses rises above 1 at step 2."""
    world.automation(
        threshold(aggregation="average", window=2), name="loss", event="RUN_METRIC", action={"type": "do_nothing"}
    )
    ingest_rows(world.run("run1"), 0, [{"_step": step, "loss": value} for step, value in enumerate(LOSSES)])
    work()
    return Execution.objects.get()


def test_annotations_say_threshold_and_where_it_fired_with_the_window(bob: Client, world: World) -> None:
    execution = fired(world)
    annotations = bob.get(f"{PROJECT}/runs/run1/annotations").json()["metrics"]["loss"]
    assert annotations["thresholds"] == [{"value": 1.0, "side": "above"}]
    (fire,) = annotations["fires"]
    assert (fire["step"], fire["url"]) == (2, execution.get_absolute_url())
    assert fire["windows"] == [{"from": 1, "to": 2, "value": 1.3}]


@pytest.mark.parametrize(
    ("condition", "drawn"),
    [
        ({"type": "run_name", "pattern": "^prod-"}, True),
        ({"type": "run_name", "pattern": "^test-"}, False),
        ({"type": "run_user", "username": "alice"}, True),
        ({"type": "run_user", "username": "bob"}, False),
        ({"type": "run_filter", "document": {"config.lr": {"$gt": 0.01}}}, True),
        ({"type": "run_filter", "document": {"config.lr": {"$gt": 1}}}, False),
    ],
)
def test_a_threshold_is_drawn_on_the_runs_it_is_about(
    bob: Client, world: World, condition: dict[str, Any], drawn: bool
) -> None:
    world.automation(threshold(), condition, event="RUN_METRIC", action={"type": "do_nothing"})
    world.run("run1", display_name="prod-1", config={"lr": 0.1})
    annotations = bob.get(f"{PROJECT}/runs/run1/annotations").json()["metrics"]
    assert [one["value"] for one in annotations.get("loss", {}).get("thresholds", [])] == [1.0] * drawn


def test_an_execution_draws_the_metric_around_its_moment(bob: Client, charlie: Client, world: World) -> None:
    execution = fired(world)
    assert "data-chart" in text(bob.get(execution.get_absolute_url()))
    drawn = bob.get(f"{execution.get_absolute_url()}/chart").json()
    assert drawn["metrics"]["loss"]["values"] == LOSSES
    assert drawn["annotations"]["loss"]["fires"][0]["step"] == 2
    assert charlie.get(f"{execution.get_absolute_url()}/chart").status_code == 404


def test_what_is_about_no_value_has_no_chart(bob: Client, world: World) -> None:
    (execution,) = executions(bell(world), 1)
    assert "data-chart" not in text(bob.get(execution.get_absolute_url()))
    assert bob.get(f"{execution.get_absolute_url()}/chart").status_code == 404


def test_a_collection_counts_what_its_versions_caused(bob: Client, charlie: Client, world: World) -> None:
    automation, home = bell(world), "/registry/research/models/collections/production"
    for url in (home, f"{home}/v0", f"{home}/v3", f"{home}/v9", "/elsewhere"):
        executions(automation, 1, subject_url=url)
    part = bob.get("/executions", {"subject": home, "versions": "3"}, headers={"HX-Request": "true"})
    assert "3 executions" in text(part)
    one = bob.get("/executions", {"subject": f"{home}/v3"}, headers={"HX-Request": "true"})
    assert "One execution" in text(one)
    assert "<html" in text(bob.get("/executions", {"subject": home}))
    assert "No automation" in text(charlie.get("/executions", {"subject": home, "versions": "3"}))


def test_it_is_explained_what_an_automation_made_of_the_last_events(bob: Client, world: World) -> None:
    world.webhook("https://hooks.example.test/in")
    automation = world.automation(FAILED, {"type": "run_name", "pattern": "^prod-"}, name="prod")
    finish_run(world.run("r1", display_name="dev-1"), 1)
    finish_run(world.run("r2", display_name="prod-2"), 1)
    work()
    page = text(bob.get(f"/automations/{automation.pk}/explain"))
    assert "It fired: every condition held." in page
    assert "does not match ^prod-" in page
    of_one = text(bob.get(f"/automations/{automation.pk}/explain?run=r1"))
    assert "does not match ^prod-" in of_one
    assert "It fired" not in of_one
    assert "No run here has" in text(bob.get(f"/automations/{automation.pk}/explain?run=nothing"))


def test_the_answer_of_an_only_condition_is_not_told_twice(bob: Client, world: World) -> None:
    world.webhook("https://hooks.example.test/in")
    automation = world.automation(FAILED)
    finish_run(world.run("r1"), 0)
    work()
    page = text(bob.get(f"/automations/{automation.pk}/explain"))
    assert page.lower().count("the run is finished; this waits for: failed") == 1
    assert "does not hold" not in page
