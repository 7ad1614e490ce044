"""What executions repeat is kept once, and everybody reads what they read before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries
from pytest_httpserver import HTTPServer

from automations.access import executions_of
from automations.delivery.redelivery import redeliver
from automations.execution_templates import move_into_templates
from automations.models import Execution, ExecutionTemplate
from automations.tasks import work
from operations.compaction import table_walk_progress
from operations.compaction.table_walk import registry
from operations.models import WalkProgress
from projects.runs.lifecycle import finish_run
from tests.world import FAILED, World

# What stands in a page once for each answer.
_PASSING = re.compile(r'nonce="[^"]*"|[A-Za-z0-9]{64}')


@pytest.fixture
def server(world: World, receiver: HTTPServer) -> Iterator[HTTPServer]:
    receiver.expect_request("/hook").respond_with_data("")
    world.webhook(receiver.url_for("/hook"))
    world.automation(FAILED, cooldown_seconds=0)
    yield receiver


def deliver(world: World, count: int = 1) -> None:
    for _ in range(count):
        finish_run(world.run(f"run{world.project.runs.count()}"), 1)
    work()


def seen(world: World, execution: Execution) -> list[Any]:
    """What a person reads of it, by REST and on its page."""
    client = Client()
    client.force_login(world.users["alice"])
    page = client.get(execution.get_absolute_url())
    lines = [line for line in _PASSING.sub("", page.content.decode()).splitlines() if " ago" not in line]
    told = client.get(f"/api/v1/executions/{execution.pk}")
    assert (page.status_code, told.status_code) == (200, 200)
    return [told.json(), lines]


def test_nothing_that_is_read_changes(world: World, server: HTTPServer) -> None:
    deliver(world)
    before = Execution.objects.get()
    told, read = (before.action, before.variables, list(before.variables)), seen(world, before)
    assert move_into_templates(Execution.objects.all()) == 1
    after = Execution.objects.get()
    assert (after.action, after.variables, list(after.variables)) == told
    assert seen(world, after) == read
    assert (after.kept_action, None in after.kept_variables) == ({}, False)


def test_what_goes_again_has_the_same_id_and_body(world: World, server: HTTPServer) -> None:
    deliver(world)
    move_into_templates(Execution.objects.all())
    redeliver(Execution.objects.get(), by=None)
    work()
    first, again = (request for request, _answer in server.log)
    assert (first.data, first.headers["webhook-id"]) == (again.data, again.headers["webhook-id"])


def test_executions_of_one_automation_share_a_template_until_it_is_edited(world: World, server: HTTPServer) -> None:
    deliver(world, 3)
    automation = Execution.objects.all()[0].automation
    automation.action = {**automation.action, "payload": '{"run": "${run_name}"}'}
    automation.save()
    deliver(world)
    wanted = [(one.action, one.variables) for one in Execution.objects.order_by("pk")]
    move_into_templates(Execution.objects.all())
    assert ExecutionTemplate.objects.count() == 2
    assert [(one.action, one.variables) for one in Execution.objects.order_by("pk")] == wanted
    assert move_into_templates(Execution.objects.all()) == 0


def test_a_list_reads_its_templates_with_its_rows(
    world: World, server: HTTPServer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    deliver(world, 4)
    move_into_templates(Execution.objects.all())
    with django_assert_num_queries(1):
        assert {one.variables["run_name"] for one in executions_of(world.users["alice"])} == {
            f"run{n}" for n in range(4)
        }


def test_a_template_goes_with_its_automation(world: World, server: HTTPServer) -> None:
    deliver(world)
    move_into_templates(Execution.objects.all())
    Execution.objects.get().automation.delete()
    assert not ExecutionTemplate.objects.exists()


# The walk -------------------------------------------------------------------------------------------


def turn() -> int:
    WalkProgress.objects.exclude(name="executions").delete()
    WalkProgress.objects.update(due_at=now() - timedelta(seconds=1))
    return table_walk_progress.walk_some()


@pytest.fixture
def old(world: World, server: HTTPServer) -> list[int]:
    """Ids of four executions of two hours ago, the second of which is on its way still."""
    deliver(world, 4)
    Execution.objects.update(created_at=now() - timedelta(hours=2))
    ids = list(Execution.objects.order_by("pk").values_list("pk", flat=True))
    Execution.objects.filter(pk=ids[1]).update(state="pending", next_attempt_at=now() + timedelta(hours=1))
    table_walk_progress.walk_some()
    return ids


def moved() -> list[int]:
    return list(Execution.objects.exclude(template=None).order_by("pk").values_list("pk", flat=True))


def test_a_turn_moves_what_is_old_and_comes_back_for_what_was_on_its_way(world: World, old: list[int]) -> None:
    deliver(world)
    assert (turn(), moved()) == (3, [old[0], *old[2:]])
    assert (turn(), moved()) == (0, [old[0], *old[2:]])
    Execution.objects.filter(pk=old[1]).update(state="failed")
    assert (turn(), moved()) == (1, old)


def test_a_turn_goes_on_where_it_was_killed(old: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.compaction.kinds.executions._BATCH", 2)
    monkeypatch.setattr(table_walk_progress, "_TURN_SECONDS", 0)
    assert (turn(), turn(), turn()) == (2, 1, 0)


def test_two_processes_are_never_at_one_walk_together(old: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[int] = []
    batches = table_walk_progress._batches

    def beside_another(*asked: Any) -> Any:
        beside.append(table_walk_progress.walk_some())
        return batches(*asked)

    monkeypatch.setattr(table_walk_progress, "_batches", beside_another)
    assert (turn(), beside) == (3, [0])


def test_nothing_is_made_smaller_where_no_minutes_are_set(old: list[int], settings: Any) -> None:
    settings.COMPACT_AFTER_MINUTES = 0
    assert [table_walk_progress.walk_all(walk) for walk in registry] == [0] * len(list(registry))
