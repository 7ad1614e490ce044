"""What goes wrong with one delivery, one event or one row stays with it."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient
from werkzeug import Request, Response

from artifacts import services as artifacts
from artifacts.editing import delete_collection, delete_version
from automations.delivery import sending
from automations.engine import stall_detection, worker_loop
from automations.engine.evaluation import evaluate
from automations.models import Attempt, Automation, Execution
from automations.tasks import sweep, work
from common.data.fields import JSONText
from common.data.leases import new_lease
from common.processes import crash_points
from events import event_types, ledger
from events.models import Event
from integrations.slack.models import SlackChannel
from outbound.provider import Outcome
from projects.models import HistoryChunk
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from teams.models import Notice
from tests.automations.places import Places, listen
from tests.automations.test_delivery import claim
from tests.world import FAILED, World

STALLED = {"type": "stalled", "metric": "val/loss", "seconds": 600}


@pytest.fixture
def hook(world: World, receiver: HTTPServer) -> HTTPServer:
    world.webhook(receiver.url_for("/hook"))
    return receiver


def due(world: World, count: int) -> None:
    """Let an automation fire so often."""
    world.automation(FAILED, name="due")
    for number in range(count):
        finish_run(world.run(f"due-{number}"), 1)
    evaluate()


def fired(automation: Automation) -> int:
    return Execution.objects.filter(automation=automation).exclude(state="suppressed").count()


# Deliveries ----------------------------------------------------------------------------------------


def test_an_outcome_holds_only_what_every_database_takes() -> None:
    assert Outcome(False, "\ud800 a\0b").detail == "\N{REPLACEMENT CHARACTER} a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("answer", [json.dumps({"ok": False, "error": "\ud800"}), json.dumps({"error": "a\0b"})])
def test_words_of_a_receiver_that_no_database_takes_are_stored_readably(
    world: World, receiver: HTTPServer, answer: str
) -> None:
    SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=receiver.url_for("/slack"))
    receiver.expect_request("/slack").respond_with_data(answer, content_type="application/json")
    automation = world.automation(FAILED, action={"type": "notify_slack", "channel": "alerts"})
    finish_run(world.run(), 1)
    work()
    assert Execution.objects.get(automation=automation).state == "failed"
    assert "\N{REPLACEMENT CHARACTER}" in Attempt.objects.get().detail


@pytest.mark.django_db(transaction=True)
def test_a_delivery_that_was_deleted_while_under_way_keeps_no_other_from_being_stored(
    world: World, hook: HTTPServer
) -> None:
    due(world, 2)
    lease = new_lease()
    deliveries, _refused = sending.prepare(claim(lease=lease))
    results = [sending.deliver(delivery) for delivery in deliveries]
    deliveries[0].execution.delete()
    with pytest.raises(IntegrityError):
        sending.store(lease, results)
    sending.store_singly(lease, results)
    assert [one.state for one in Execution.objects.all()] == ["delivered"]
    assert Attempt.objects.get().reply is not None


def test_of_an_answer_that_cannot_be_stored_it_is_stored_that_there_was_one(world: World, hook: HTTPServer) -> None:
    due(world, 1)
    lease = new_lease()
    deliveries, _refused = sending.prepare(claim(lease=lease))
    sent = sending.deliver(deliveries[0])
    # Nothing we know of is stored in vain; such as what json refuses.
    sent.record.request["body"] = object()
    sending.store_singly(lease, [sent])
    assert Execution.objects.get().state == "delivered"
    assert Attempt.objects.get().detail == "It was sent; what came back cannot be stored."


def test_an_event_that_cannot_be_judged_takes_no_delivery_with_it(world: World, hook: HTTPServer) -> None:
    let_go = threading.Event()

    def slowly(_request: Request) -> Response:
        let_go.wait(10)
        return Response("fine")

    hook.clear()
    hook.expect_request("/hook").respond_with_handler(slowly)
    due(world, 1)
    world.automation(event="CREATE_ARTIFACT")
    pumping = worker_loop._WorkerLoop(5)
    pumping.turn()
    place = ledger.EventScope(team=world.team, scopes=world.project.scopes, stream="collection:1")
    ledger.publish("artifact.created", place, {"collection": "nonsense", "version": 1})
    with pytest.raises(ValueError, match="nonsense"):
        for _ in range(100):
            pumping.turn()
    assert [one.state for one in Execution.objects.all()] == ["pending"]
    let_go.set()
    pumping.drain()
    assert [one.state for one in Execution.objects.all()] == ["delivered"]


# Rows that make no automation ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "column", "stored"),
    [
        ("run.state", "conditions", JSONText("no json at all")),
        ("run.state", "action", JSONText("{")),
        ("run.stalled", "conditions", [{"type": "stalled", "seconds": "soon"}]),
        ("run.stalled", "conditions", JSONText("[")),
    ],
)
def test_a_row_that_makes_no_automation_stops_no_other_and_its_team_is_told(
    world: World, hook: HTTPServer, event: str, column: str, stored: object
) -> None:
    sound, broken = world.automation(FAILED, name="sound"), world.automation(FAILED, name="broken")
    Automation.objects.filter(pk=broken.pk).update(**{"event_type": event, column: stored})
    finish_run(world.run(), 1)
    world.run("going-on")
    sweep()
    assert Execution.objects.get(automation=sound).state == "delivered"
    read = Automation.objects.get(pk=broken.pk)
    assert (read.enabled, bool(read.problem)) == (False, True)
    notice = Notice.objects.get(key=f"automation:{broken.pk}", settled_at=None)
    assert "broken is disabled" in notice.text


@pytest.mark.parametrize("column", ["conditions", "action"])
@pytest.mark.parametrize("address", ["/acme/mnist/automations", "/acme/mnist/automations/{pk}", "/automations"])
def test_pages_with_a_row_that_is_no_json_open(
    world: World, hook: HTTPServer, client: Client, column: str, address: str
) -> None:
    broken = world.automation(FAILED)
    Automation.objects.filter(pk=broken.pk).update(**{column: JSONText("no json")})
    client.force_login(world.users["alice"])
    answer = client.get(address.format(pk=broken.pk))
    assert answer.status_code == 200
    assert column == "action" or "cannot be read" in answer.content.decode()


# Two workers and one rate limit --------------------------------------------------------------------


def test_two_workers_together_keep_to_a_rate_limit(
    world: World, hook: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation = world.automation(FAILED, rate_limit=1)
    first, second = world.run("first"), world.run("second")
    evaluate()
    finish_run(first, 1)
    others = iter([second])

    def reached(point: str) -> None:
        # As another worker does between the look and the storing of this one.
        if point == "event.judged" and (other := next(others, None)):
            finish_run(other, 1)
            evaluate()

    monkeypatch.setattr(crash_points, "reached", reached)
    evaluate()
    assert fired(automation) == 1
    suppressed = Execution.objects.get(automation=automation, state="suppressed")
    assert suppressed.reason == "Too many: it fired 1 times within a minute, which is its rate limit."


# Runs that stand still -----------------------------------------------------------------------------


def test_a_history_without_the_metric_is_read_once(world: World, hook: HTTPServer) -> None:
    automation = world.automation(STALLED, event="RUN_STALLED", cooldown_seconds=0)
    run = world.run()
    ingest_rows(run, 0, [{"loss": 1.0}])
    sweep()
    assert fired(automation) == 0
    # Who read this row again would find a value that came just now.
    HistoryChunk.objects.update(rows=[{"val/loss": 1.0}])
    ingest_rows(run, 1, [{"loss": 1.0}])
    assert stall_detection._last_logged_at(run, "val/loss") == run.created_at
    ingest_rows(run, 2, [{"val/loss": 1.0}])
    assert stall_detection._last_logged_at(run, "val/loss") > run.created_at


def test_who_asks_after_a_stall_was_told_hears_of_it_and_nobody_twice(world: World, hook: HTTPServer) -> None:
    early = world.automation(STALLED, event="RUN_STALLED", cooldown_seconds=0, name="early")
    ingest_rows(world.run(), 0, [{"val/loss": 1.0}])
    HistoryChunk.objects.update(created_at=now() - timedelta(minutes=11))
    sweep()
    late = world.automation(STALLED, event="RUN_STALLED", cooldown_seconds=0, name="late")
    sweep()
    sweep()
    assert (fired(early), fired(late)) == (1, 1)


# What is gone before it is judged ------------------------------------------------------------------


@pytest.mark.parametrize("remove", ["version", "collection"])
def test_a_version_that_is_deleted_is_told_as_unlinked(places: Places, api: APIClient, remove: str) -> None:
    asked = listen(api, "registry", "UNLINK_ARTIFACT")
    entry = places.link_new(aliases=["production"])
    if remove == "version":
        delete_version(entry.version, with_aliases=True)
    else:
        delete_collection(places.made)
    work()
    one = Execution.objects.filter(automation=asked.json()["id"]).latest("id")
    assert one.subject_label == "research/wandb-registry-models/production:v1"
    assert one.variables["artifact_collection_name"] == "production"


def test_what_happened_to_a_version_is_told_though_it_was_deleted_before_anybody_looked(
    places: Places, api: APIClient
) -> None:
    asked = listen(api, "project", "ADD_ARTIFACT_ALIAS", {"type": "alias", "pattern": "^best$"})
    entry = places.new(aliases=["best"], metadata={"accuracy": 0.97})
    event = Event.objects.filter(kind="artifact.alias_added").latest("id")
    delete_version(entry.version, with_aliases=True)
    # As a worker has it that read the event before the version went.
    assert "subject" not in event.data
    (context,) = event_types.registry.get(event.kind).contexts([event]).values()
    assert context.subject.facts["metadata"] == {"accuracy": 0.97}
    work()
    assert Execution.objects.get(automation=asked.json()["id"]).variables["alias"] == "best"


def test_a_tag_of_a_collection_is_told_though_the_collection_is_gone(places: Places, api: APIClient) -> None:
    asked = listen(api, "project", "ADD_COLLECTION_TAG")
    artifacts.add_collection_tags(places.made, ["eu"])
    delete_collection(places.made)
    work()
    assert Execution.objects.get(automation=asked.json()["id"]).variables["tag"] == "eu"


# Names of other scripts ----------------------------------------------------------------------------


def test_a_long_name_of_another_script_is_told_with_its_address(places: Places, api: APIClient) -> None:
    asked = listen(api, "team", "CREATE_ARTIFACT")
    collection, _new = artifacts.get_or_create_collection(places.world.project, "模" * 128, "型" * 128)
    version = artifacts.create_version(collection, "d1").entry
    work()
    one = Execution.objects.get(automation=asked.json()["id"])
    assert one.subject_url == version.get_absolute_url()
    assert len(one.subject_url) > 2000
    assert Execution.objects.filter(subject_url=version.get_absolute_url()).get() == one
