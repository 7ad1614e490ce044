"""What was delivered or given up can be delivered again: the same id and body, and a history of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient
from werkzeug import Response

from automations.delivery.redelivery import redeliver, redeliver_failed
from automations.models import Automation, Execution
from automations.tasks import work
from integrations.webhook.models import Webhook
from projects.runs.lifecycle import finish_run
from tests import wake_ups
from tests.conftest import as_person
from tests.world import FAILED, World, put_settings

HOOK = "/api/v1/teams/acme/integrations/webhook/hook"


@pytest.fixture
def server(world: World, receiver: HTTPServer) -> Iterator[HTTPServer]:
    world.webhook(receiver.url_for("/hook"), retry_seconds=[0, 5])
    world.automation(FAILED, cooldown_seconds=0)
    yield receiver


def answer(server: HTTPServer, *statuses: int) -> None:
    """Have the next requests answered so, and those after them like the last."""
    left = list(statuses)
    server.clear_all_handlers()
    server.expect_request("/hook").respond_with_handler(
        lambda _: Response("", left.pop(0) if len(left) > 1 else left[0])
    )


def fail_runs(world: World, count: int = 1) -> None:
    for number in range(count):
        finish_run(world.run(f"run{Execution.objects.count()}-{number}"), 1)
    work()


def make_due() -> None:
    Execution.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))


def give_up(world: World, server: HTTPServer, count: int = 1) -> None:
    answer(server, 500)
    fail_runs(world, count)
    make_due()
    work()
    assert set(Execution.objects.values_list("state", flat=True)) == {"failed"}
    server.clear_log()


@pytest.mark.django_db(transaction=True)
def test_what_was_given_up_goes_again_with_the_same_id_and_body(world: World, server: HTTPServer) -> None:
    answer(server, 500)
    fail_runs(world)
    make_due()
    work()
    answer(server, 200)
    wake_ups.take_all()
    execution = redeliver(Execution.objects.get(), by=world.users["alice"])
    assert (execution.state, wake_ups.take_all()) == ("pending", [settings.ENGINE_TASK])
    work()

    requests = [request for request, _answer in server.log]
    assert len(requests) == 3
    assert {request.headers["webhook-id"] for request in requests} == {execution.delivery_id}
    assert len({request.data for request in requests}) == 1
    execution.refresh_from_db()
    assert (execution.state, execution.attempts_made) == ("delivered", 3)
    assert list(execution.attempts.values_list("number", "ok")) == [(1, False), (2, False), (3, True)]


def test_the_table_of_waits_begins_anew(world: World, server: HTTPServer) -> None:
    give_up(world, server)
    redeliver(Execution.objects.get(), by=None)
    work()
    execution = Execution.objects.get()
    assert (execution.state, execution.attempts_made, execution.attempts_before) == ("pending", 3, 2)
    make_due()
    work()
    assert Execution.objects.values_list("state", "attempts_made").get() == ("failed", 4)


def test_a_webhooks_own_tries_are_made_and_no_other(world: World, server: HTTPServer) -> None:
    put_settings(Webhook.objects.all(), retry_seconds=[0, 7, 7])
    answer(server, 500)
    fail_runs(world)
    first = Execution.objects.get()
    assert first.next_attempt_at is not None
    assert timedelta(seconds=5) < first.next_attempt_at - now() <= timedelta(seconds=8.4)
    for _ in range(3):
        make_due()
        work()
    assert Execution.objects.values_list("state", "attempts_made").get() == ("failed", 3)


def test_what_was_delivered_may_go_again_too(world: World, server: HTTPServer) -> None:
    fail_runs(world)
    redeliver(Execution.objects.get(), by=None)
    work()
    assert (len(server.log), Execution.objects.get().state) == (2, "delivered")


@pytest.mark.parametrize("state", ["pending", "suppressed"])
def test_what_is_on_its_way_or_was_skipped_does_not_go_again(world: World, server: HTTPServer, state: str) -> None:
    fail_runs(world)
    Execution.objects.update(state=state)
    before = Execution.objects.values().get()
    with pytest.raises(ValidationError):
        redeliver(Execution.objects.get(), by=None)
    assert Execution.objects.values().get() == before


def test_two_who_ask_at_once_have_it_sent_once(world: World, server: HTTPServer) -> None:
    give_up(world, server)
    answer(server, 200)
    first, second = Execution.objects.get(), Execution.objects.get()
    redeliver(first, by=None)
    with pytest.raises(ValidationError, match="still on its way"):
        redeliver(second, by=None)
    work()
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: Webhook.objects.update(enabled=False, disabled_reason="It was gone."), "is disabled. It was gone."),
        (lambda: Webhook.objects.all().delete(), "was deleted"),
    ],
    ids=["disabled", "deleted"],
)
def test_nothing_goes_again_to_where_nothing_is_sent(
    world: World, server: HTTPServer, change: Callable[[], Any], said: str
) -> None:
    give_up(world, server)
    change()
    execution = Execution.objects.get()
    for ask in (
        lambda: redeliver(execution, by=None),
        lambda: redeliver_failed(execution.receiver_key, now(), by=None),
    ):
        with pytest.raises(ValidationError, match=said):
            ask()
    assert Execution.objects.get().state == "failed"


def test_all_that_failed_since_a_moment_goes_again_and_nothing_else(world: World, server: HTTPServer) -> None:
    give_up(world, server, 3)
    long_ago, delivered, elsewhere = Execution.objects.order_by("id")[:3]
    give_up(world, server, 2)
    moment = now() - timedelta(hours=1)
    Execution.objects.filter(pk=long_ago.pk).update(ended_at=moment - timedelta(seconds=1))
    Execution.objects.filter(pk=delivered.pk).update(state="delivered")
    Execution.objects.filter(pk=elsewhere.pk).update(receiver_key="webhook:0")
    answer(server, 200)

    assert redeliver_failed(f"webhook:{Webhook.objects.get().pk}", moment, by=None) == 2
    work()
    assert len(server.log) == 2
    states = sorted(Execution.objects.values_list("state", flat=True))
    assert states == [*["delivered"] * 3, *["failed"] * 2]


# Over REST -----------------------------------------------------------------------------------------


def test_a_member_delivers_one_again_and_a_viewer_does_not(api: APIClient, world: World, server: HTTPServer) -> None:
    give_up(world, server)
    address = f"/api/v1/executions/{Execution.objects.get().pk}/redeliver"
    assert as_person(world.keys["vera"]).post(address).status_code == 403
    assert as_person(world.keys["charlie"]).post(address).status_code == 404
    again = as_person(world.keys["bob"]).post(address)
    assert (again.status_code, again.json()["state"], len(again.json()["attempts"])) == (200, "pending", 2)
    assert api.post(address).status_code == 409


def test_an_admin_delivers_all_again_that_failed_since(api: APIClient, world: World, server: HTTPServer) -> None:
    give_up(world, server, 2)
    since = (now() - timedelta(minutes=1)).isoformat()
    assert api.post(f"{HOOK}/redeliver", {"since": since}, format="json").json() == {"count": 2}
    refused = api.post(f"{HOOK}/redeliver", {"since": "yesterday"}, format="json").json()["errors"]
    assert [error["field"] for error in refused] == ["since"]
    assert as_person(world.keys["bob"]).post(f"{HOOK}/redeliver", {"since": since}).status_code == 403


def test_the_history_of_a_webhook_has_each_request_and_answer(api: APIClient, world: World, server: HTTPServer) -> None:
    answer(server, 503, 200)
    fail_runs(world)
    make_due()
    work()
    ((shown),) = api.get(f"{HOOK}/deliveries").json()["results"]
    assert (shown["state"], shown["automation_name"]) == ("delivered", Automation.objects.get().name)
    assert [attempt["reply"]["status"] for attempt in shown["attempts"]] == [503, 200]
    assert shown["attempts"][0]["request"]["method"] == "POST"


def test_the_history_is_paged_filtered_and_of_this_webhook_alone(
    api: APIClient, world: World, server: HTTPServer
) -> None:
    give_up(world, server, 5)
    world.webhook("http://127.0.0.1:8009/", name="other")
    first = api.get(f"{HOOK}/deliveries?page_size=2&state=failed").json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    ids = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert ids == sorted(Execution.objects.values_list("pk", flat=True), reverse=True)
    assert third["next"] is None
    assert api.get(f"{HOOK}/deliveries?state=delivered").json()["results"] == []
    assert api.get("/api/v1/teams/acme/integrations/webhook/other/deliveries").json()["results"] == []
    wrong = api.get(f"{HOOK}/deliveries?state=lost").json()["detail"]
    assert wrong == "state: 'lost' is no state. Choose one of: pending, delivered, failed, suppressed."
