"""What has just been judged goes to its receiver at once, by the rules of what waits in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from pytest_httpserver import HTTPServer

from automations.delivery import claims
from automations.delivery.dispatch import Dispatch
from automations.engine import worker_loop
from automations.engine.evaluation import evaluate
from automations.models import Execution
from automations.tasks import work
from common.data.leases import new_lease
from projects.runs.lifecycle import finish_run
from tests.http_receiver import HttpReceiver
from tests.world import FAILED, World, failed_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(world: World) -> Iterator[HTTPServer]:
    with HttpReceiver(host="127.0.0.1") as found:
        found.expect_request("/hook").respond_with_data("")
        world.webhook(found.url_for("/hook"))
        world.automation(FAILED, rate_limit=0)
        yield found


@pytest.fixture
def dispatch() -> Iterator[Dispatch]:
    found = Dispatch(worker_loop._threads())
    yield found
    while found.busy:
        found.turn()


def fail(world: World, name: str = "run1") -> None:
    finish_run(world.run(name), 1)


def test_one_that_nothing_stands_before_is_stored_under_the_lease_of_who_sends_it(
    world: World, server: HTTPServer, dispatch: Dispatch
) -> None:
    fail(world)
    assert evaluate(dispatch) > 0
    execution = Execution.objects.get()
    assert dispatch.busy
    assert (execution.lease, execution.attempts_made) == (dispatch._lease, 1)
    assert execution.leased_until is not None
    # Nobody else gets it, nor another one of its receiver.
    assert claims.claim(new_lease(), lambda _key: 4, 4) == []
    while dispatch.busy:
        dispatch.turn()
    execution.refresh_from_db()
    assert (execution.state, execution.attempts.count(), len(server.log)) == ("delivered", 1, 1)


@pytest.mark.parametrize("lease", ["", "of-another"])
def test_one_behind_another_waits_for_its_turn(
    world: World, server: HTTPServer, dispatch: Dispatch, lease: str
) -> None:
    fail(world)
    evaluate()
    until = now() + timedelta(minutes=1) if lease else None
    Execution.objects.update(lease=lease, leased_until=until)
    fail(world, "run2")
    evaluate(dispatch)
    assert not dispatch.busy
    assert [one.lease for one in Execution.objects.order_by("id")] == [lease, ""]


def test_what_is_tried_again_later_keeps_nobody_waiting(world: World, server: HTTPServer, dispatch: Dispatch) -> None:
    fail(world)
    evaluate()
    Execution.objects.update(next_attempt_at=now() + timedelta(minutes=5))
    fail(world, "run2")
    evaluate(dispatch)
    assert dispatch.busy


def test_many_go_the_way_through_the_queue(world: World, server: HTTPServer, dispatch: Dispatch) -> None:
    failed_at_once(world.project, [f"run{one}" for one in range(claims.MOST_AT_ONCE + 1)])
    evaluate(dispatch)
    assert not dispatch.busy
    assert Execution.objects.filter(lease="", attempts_made=0).count() == claims.MOST_AT_ONCE + 1


def test_no_more_than_its_receiver_takes_go_at_once(world: World, server: HTTPServer, dispatch: Dispatch) -> None:
    failed_at_once(world.project, [f"run{one}" for one in range(6)])
    evaluate(dispatch)
    assert Execution.objects.exclude(lease="").count() == 4
    while dispatch.busy:
        dispatch.turn()
    work()
    assert set(Execution.objects.values_list("state", "attempts_made")) == {("delivered", 1)}
    assert len({request.headers["webhook-id"] for request, _answer in server.log}) == len(server.log) == 6


def test_the_way_of_one_event_asks_the_database_so_often(world: World, server: HTTPServer) -> None:
    fail(world)
    work()
    fail(world, "run2")
    with CaptureQueriesContext(connection) as asked:
        work()
    said = [one["sql"] for one in asked if "clock_timestamp" not in one["sql"]]
    assert len(said) <= 29, "\n".join(said)
    assert len(server.log) == 2
