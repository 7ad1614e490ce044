"""Deliveries: sent again with the same id and body, given up with a reason, never too many to one receiver."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from automations.delivery import claims, sending
from automations.delivery.retry_schedule import next_attempt_at
from automations.engine import worker_loop
from automations.engine.evaluation import evaluate
from automations.models import Attempt, Automation, Execution
from automations.tasks import sweep, work
from common.data.leases import new_lease
from integrations.webhook.models import Webhook
from outbound.provider import Outcome
from outbound.retry_after import retry_after
from projects.runs.lifecycle import finish_run
from secrets_vault.models import Secret
from teams.models import Team
from tests.http_receiver import HttpReceiver
from tests.world import FAILED, World

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def receiver_with(world: World) -> Iterator[Callable[..., HTTPServer]]:
    """Start a receiver that gives these answers, the last one for ever, and make it the webhook `hook`."""
    servers = []

    def started(*given: Response, **webhook: Any) -> HTTPServer:
        server = HttpReceiver(host="127.0.0.1", threaded=True)
        left = list(given)
        server.expect_request("/hook").respond_with_handler(lambda _: left.pop(0) if len(left) > 1 else left[0])
        server.start()
        servers.append(server)
        world.webhook(server.url_for("/hook"), **webhook)
        return server

    yield started
    for server in servers:
        server.stop()


def fail_a_run(world: World, name: str = "run1") -> None:
    finish_run(world.run(name), 1)


def make_due() -> None:
    Execution.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))


def claim(free: int = 32, *, room: int = 4, lease: str = "") -> list[Execution]:
    """Claim as a worker does that answers nobody yet."""
    return claims.claim(lease or new_lease(), lambda _target: room, free)


def executions(
    world: World, count: int, *, receiver_key: str = "webhook:1", team: Team | None = None
) -> list[Execution]:
    """Write executions that are due, as if an automation had fired so often."""
    automation = Automation.objects.create(
        name=f"{receiver_key} {team}", team=team or world.team, project=world.project, scope="project:0"
    )
    due = now() - timedelta(seconds=1)
    return [
        Execution.objects.create(
            automation=automation, team=automation.team, receiver_key=receiver_key, next_attempt_at=due
        )
        for _ in range(count)
    ]


# Retries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "seconds"), [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18000), (6, 36000), (7, 36000)]
)
def test_each_wait_varies_by_a_fifth_around_its_place_in_the_table(made: int, seconds: int) -> None:
    waits = [next_attempt_at(NOON, made=made, retry_after_seconds=None) for _ in range(200)]
    lengths = [(wait - NOON).total_seconds() for wait in waits if wait is not None]
    assert len(lengths) == 200
    assert 0.8 * seconds <= min(lengths) < 0.9 * seconds
    assert 1.1 * seconds < max(lengths) <= 1.2 * seconds


def test_after_the_eighth_try_there_is_no_other() -> None:
    assert next_attempt_at(NOON, made=8, retry_after_seconds=None) is None


@pytest.mark.parametrize(("asked", "seconds"), [(60.0, 60.0), (0.0, 6.0)])
def test_a_longer_wait_that_the_receiver_asks_for_is_kept(asked: float, seconds: float) -> None:
    found = next_attempt_at(NOON, made=1, retry_after_seconds=asked)
    assert found is not None
    assert (found - NOON).total_seconds() <= seconds
    assert (found - NOON).total_seconds() >= max(asked, 4)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999999", 86_400.0),
        (format_datetime(NOON + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOON - timedelta(minutes=2), usegmt=True), 0.0),
        (format_datetime(NOON + timedelta(days=9), usegmt=True), 86_400.0),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str, seconds: float | None) -> None:
    with time_machine.travel(NOON, tick=False):
        assert retry_after(header) == seconds


def test_a_server_error_is_tried_again_with_the_same_id_and_the_same_bytes(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    world.secret("SIGNING", "s3cr3t-signing-key")
    server = receiver_with(Response("no", 503), Response("ok", 200), secret="SIGNING")
    world.automation(FAILED)
    fail_a_run(world)
    work()
    world.project.runs.update(display_name="another name")
    make_due()
    work()
    (first, _), (second, _) = server.log
    assert first.data == second.data
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == Execution.objects.get().delivery_id
    assert first.headers["X-Wandb-Signature"] == second.headers["X-Wandb-Signature"]
    assert Execution.objects.values_list("state", "attempts_made", "reason").get() == (
        "delivered",
        2,
        "The receiver answered 200.",
    )


def test_a_server_error_waits_for_the_next_place_in_the_table(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    receiver_with(Response("no", 500))
    world.automation(FAILED)
    fail_a_run(world)
    work()
    execution = Execution.objects.get()
    assert (execution.state, execution.attempts_made, execution.reason) == (
        "pending",
        1,
        "The receiver answered 500.",
    )
    assert execution.next_attempt_at is not None
    assert timedelta(seconds=3) < execution.next_attempt_at - now() <= timedelta(seconds=6)
    assert (execution.lease, execution.leased_until) == ("", None)


def test_retry_after_of_a_real_answer_is_kept(world: World, receiver_with: Callable[..., HTTPServer]) -> None:
    receiver_with(Response("slow down", 429, {"Retry-After": "600"}))
    world.automation(FAILED)
    fail_a_run(world)
    work()
    wait = Execution.objects.get().next_attempt_at - now()  # type: ignore[operator]
    assert timedelta(seconds=590) < wait <= timedelta(seconds=600)


def test_after_eight_tries_it_is_given_up_with_all_of_them_told(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    server = receiver_with(Response("no", 500))
    world.automation(FAILED)
    fail_a_run(world)
    for _ in range(9):
        work()
        make_due()
    execution = Execution.objects.get()
    assert (execution.state, execution.attempts_made, len(server.log)) == ("failed", 8, 8)
    assert list(execution.attempts.values_list("number", "detail")) == [
        (number, "The receiver answered 500.") for number in range(1, 9)
    ]


def test_a_redirect_is_given_up_at_once(world: World, receiver_with: Callable[..., HTTPServer]) -> None:
    server = receiver_with(Response("", 302, {"Location": "/elsewhere"}))
    world.automation(FAILED)
    fail_a_run(world)
    work()
    assert Execution.objects.values_list("state", "reason").get() == (
        "failed",
        "The receiver answered 302. Redirects are not followed: put the final address into the webhook.",
    )
    assert len(server.log) == 1


def test_a_receiver_that_is_gone_disables_its_webhook_and_says_so(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    server = receiver_with(Response("", 410))
    world.automation(FAILED)
    fail_a_run(world, "run1")
    work()
    fail_a_run(world, "run2")
    work()
    assert len(server.log) == 1
    gone = "The receiver answered 410. It is gone for good, so the webhook was disabled."
    assert Webhook.objects.values_list("enabled", "disabled_reason").get() == (False, gone)
    assert list(Execution.objects.order_by("id").values_list("state", "reason")) == [
        ("failed", gone),
        ("failed", f"The webhook hook is disabled. {gone}"),
    ]


# What cannot be sent -------------------------------------------------------------------------------


def delete_the_webhook() -> None:
    Webhook.objects.all().delete()


def disable_the_webhook() -> None:
    Webhook.objects.update(enabled=False)


def delete_the_secret() -> None:
    Secret.objects.all().delete()


def move_the_webhook() -> None:
    Webhook.objects.update(team=Team.objects.get(name="other"))


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (delete_the_webhook, "Its webhook was deleted. Edit the automation and choose another."),
        (disable_the_webhook, "The webhook hook is disabled. It was disabled by a person."),
        (delete_the_secret, "The webhook hook uses the secret TOKEN, which does not exist. Add it again."),
        (
            move_the_webhook,
            "The person who used another team's webhook for it does not belong to both teams any more. Edit the "
            "automation and choose one of its own team, or have somebody who belongs to both teams save it.",
        ),
    ],
)
def test_what_cannot_be_sent_ends_with_a_reason(
    world: World, receiver_with: Callable[..., HTTPServer], happens: Callable[[], None], reason: str
) -> None:
    world.secret("TOKEN", "s3cr3t-token")
    server = receiver_with(Response("ok"), access_token="TOKEN")
    world.automation(FAILED)
    fail_a_run(world)
    happens()
    work()
    assert Execution.objects.values_list("state", "reason").get() == ("failed", reason)
    assert Attempt.objects.values_list("ok", "detail", "request").get() == (False, reason, None)
    assert server.log == []


def test_a_receiver_key_that_names_nothing_stops_no_other(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    receiver_with(Response("ok"))
    executions(world, 1, receiver_key="fax:x")
    world.automation(FAILED)
    fail_a_run(world)
    work()
    assert list(Execution.objects.order_by("id").values_list("state", flat=True)) == ["failed", "delivered"]


# Claims --------------------------------------------------------------------------------------------


def test_at_most_a_few_are_under_way_to_one_receiver(world: World, receiver: HTTPServer) -> None:
    under_way, most, lock, four = [], [0], threading.Lock(), threading.Event()

    def slow(request: Request) -> Response:
        with lock:
            under_way.append(request)
            most[0] = max(most[0], len(under_way))
            if len(under_way) == 4:
                four.set()
        # The first wait for the fourth; then there is time for a fifth, if it may go.
        four.wait(30)
        threading.Event().wait(0.03)
        with lock:
            under_way.pop()
        return Response("ok")

    server = HttpReceiver(host="127.0.0.1", threaded=True)
    server.expect_request("/hook").respond_with_handler(slow)
    with server:
        world.webhook(server.url_for("/hook"))
        world.automation(FAILED)
        for number in range(10):
            fail_a_run(world, f"run{number}")
        assert worker_loop.run() is True
    assert Execution.objects.filter(state="delivered").count() == 10
    assert most[0] == 4


def test_what_is_answered_and_not_yet_stored_still_takes_its_place(
    world: World, receiver_with: Callable[..., HTTPServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = receiver_with(Response("ok"))
    world.automation(FAILED)
    for number in range(12):
        fail_a_run(world, f"run{number}")
    stored, ahead, store = 0, [], sending.store

    def slow_store(lease: str, results: list[sending.SendResult]) -> None:
        nonlocal stored
        # Time for the others to be answered, and for more to go if they may.
        threading.Event().wait(0.1)
        ahead.append(len(server.log) - stored)
        store(lease, results)
        stored += len(results)

    monkeypatch.setattr(sending, "store", slow_store)
    assert worker_loop.run() is True
    assert stored == 12
    assert max(ahead) <= 4


def test_a_receiver_belongs_to_one_worker_at_a_time(world: World) -> None:
    executions(world, 10)
    lease = new_lease()
    assert [len(claim(lease=lease)), len(claim()), len(claim(lease=lease))] == [4, 0, 4]


def test_what_was_not_begun_is_given_back_without_an_attempt(world: World) -> None:
    executions(world, 2)
    lease = new_lease()
    claims.give_back(lease, claim(lease=lease)[:1])
    rows = Execution.objects.order_by("id").values_list("attempts_made", "lease")
    assert list(rows) == [(0, ""), (1, lease)]


def test_the_attempt_is_counted_before_it_is_sent(world: World) -> None:
    executions(world, 1)
    (claimed,) = claim()
    assert claimed.attempts_made == 1
    assert Execution.objects.get().leased_until is not None


def test_teams_take_turns_at_the_free_places(world: World) -> None:
    for number in range(5):
        executions(world, 3, receiver_key=f"webhook:{number}")
    executions(world, 3, receiver_key="webhook:9", team=world.other_team)
    claimed = claim(4)
    assert sorted(execution.receiver_key for execution in claimed) == [
        "webhook:0",
        "webhook:1",
        "webhook:2",
        "webhook:9",
    ]


def test_a_small_team_gets_its_share_beside_a_flood(world: World) -> None:
    executions(world, 20)
    executions(world, 2, receiver_key="webhook:9", team=world.other_team)
    claimed = [execution.receiver_key for execution in claim(5)]
    assert sorted(claimed) == ["webhook:1"] * 2 + ["webhook:9"] * 2


def test_the_one_that_waits_longest_goes_first(world: World) -> None:
    rows = executions(world, 6)
    Execution.objects.filter(pk=rows[5].pk).update(next_attempt_at=now() - timedelta(hours=1))
    assert [execution.pk for execution in claim(2)] == [rows[5].pk, rows[0].pk]


def test_what_is_not_due_waits(world: World) -> None:
    executions(world, 2)
    Execution.objects.update(next_attempt_at=now() + timedelta(minutes=1))
    assert claim() == []
    assert set(Execution.objects.values_list("attempts_made", flat=True)) == {0}


def test_a_small_team_is_not_kept_waiting_by_the_flood_of_another(world: World) -> None:
    order, lock = [], threading.Lock()

    def note(request: Request) -> Response:
        with lock:
            order.append(request.path)
        return Response("ok")

    server = HttpReceiver(host="127.0.0.1", threaded=True)
    server.expect_request(re.compile("/.*")).respond_with_handler(note)
    with server:
        for number in range(20):
            hook = world.webhook(server.url_for("/flood"), name=f"hook{number}")
            executions(world, 30, receiver_key=f"webhook:{hook.pk}")
        small = world.webhook(server.url_for("/small"), team=world.other_team)
        executions(world, 5, receiver_key=f"webhook:{small.pk}", team=world.other_team)
        Execution.objects.update(action_type="send_webhook", kept_action={"webhook": 0, "payload": "{}"})
        assert worker_loop.run(60) is True
    assert len(order) == 605
    # They came last, and would go last.
    assert max(place for place, path in enumerate(order) if path == "/small") < 300


def test_answers_are_kept_while_the_database_is_away_and_stored_once(
    world: World, receiver_with: Callable[..., HTTPServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = receiver_with(Response("ok"))
    world.automation(FAILED)
    fail_a_run(world)
    store, failures = sending.store, [OperationalError("gone before"), OperationalError("gone after the commit")]

    def stored_at_last(lease: str, results: list[sending.SendResult]) -> None:
        if results and failures:
            error = failures.pop(0)
            if not failures:
                store(lease, results)
            raise error
        store(lease, results)

    monkeypatch.setattr(sending, "store", stored_at_last)
    monkeypatch.setattr(worker_loop, "connection", Mock())
    assert worker_loop.run() is True
    assert len(server.log) == 1
    assert Execution.objects.get().state == "delivered"
    assert Attempt.objects.count() == 1


# Lost workers --------------------------------------------------------------------------------------


def lose_the_worker() -> None:
    """Claim as a worker does that begins, and die: the lease runs out."""
    lease = new_lease()
    assert claims.claim_last_chance(lease) or claim(lease=lease)
    Execution.objects.exclude(leased_until=None).update(leased_until=now() - timedelta(seconds=1))


LOST = "The worker stopped while it was sending; the receiver may have got this one."


def test_the_attempt_of_a_lost_worker_is_told_and_made_again(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    server = receiver_with(Response("ok"))
    world.automation(FAILED)
    fail_a_run(world)
    evaluate()
    lose_the_worker()
    sweep()
    execution = Execution.objects.get()
    assert (execution.state, execution.attempts_made, execution.losses) == ("delivered", 2, 1)
    assert list(execution.attempts.values_list("number", "ok", "detail")) == [
        (1, False, LOST),
        (2, True, "The receiver answered 200."),
    ]
    assert len(server.log) == 1


def test_what_took_three_workers_down_is_set_aside(world: World) -> None:
    executions(world, 1)
    for _ in range(3):
        lose_the_worker()
        assert claims.recover() == 1
    execution = Execution.objects.get()
    assert (execution.state, execution.reason) == ("failed", "Set aside: sending it took the worker down 3 times.")
    assert list(execution.attempts.values_list("number", "detail")) == [(1, LOST), (2, LOST), (3, LOST)]


def test_what_took_a_worker_down_goes_without_those_beside_it(world: World) -> None:
    rows = executions(world, 5)
    Execution.objects.filter(pk=rows[2].pk).update(losses=1)
    lease = new_lease()
    claimed = [[execution.pk for execution in claim(lease=lease)] for _ in range(3)]
    assert claimed == [[rows[0].pk, rows[1].pk], [rows[2].pk], [rows[3].pk, rows[4].pk]]


def test_those_beside_a_delivery_that_kills_its_worker_are_not_set_aside_with_it(
    world: World, receiver_with: Callable[..., HTTPServer]
) -> None:
    server = receiver_with(Response("ok"))
    world.automation(FAILED)
    fail_a_run(world)
    evaluate()
    executions(world, 1, receiver_key="webhook:0")
    for _ in range(2):
        lose_the_worker()
        assert claims.recover() == 2
    # It kills the next worker too, which has nothing else in hand; the one after that finds the other alone.
    Execution.objects.filter(receiver_key="webhook:0").update(next_attempt_at=now() - timedelta(hours=1))
    lose_the_worker()
    assert claims.recover() == 1
    work()
    assert list(Execution.objects.order_by("id").values_list("receiver_key", "state", "losses")) == [
        (f"webhook:{Webhook.objects.get().pk}", "delivered", 2),
        ("webhook:0", "failed", 3),
    ]
    assert len(server.log) == 1


def test_a_result_that_comes_after_the_lease_changes_nothing(world: World) -> None:
    executions(world, 1)
    (late,) = claim()
    lose = Execution.objects.filter(pk=late.pk)
    lose.update(leased_until=now() - timedelta(seconds=1))
    claims.recover()
    (current,) = claim()
    outcome = Outcome(True, "late")
    sending.store(late.lease, [sending._not_sent(late, outcome)])
    assert lose.values_list("state", "lease").get() == ("pending", current.lease)


def test_sweeping_twice_recovers_once(world: World) -> None:
    executions(world, 1)
    lose_the_worker()
    assert [claims.recover(), claims.recover()] == [1, 0]
    assert Attempt.objects.count() == 1
