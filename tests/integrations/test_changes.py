"""Actions that change something of ours: done once, within the team, told in the audit log, and seen by others."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_httpserver import HTTPServer

from artifacts.services import add_aliases, create_version, get_or_create_collection
from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.services import create_automation
from automations.engine.evaluation import evaluate
from automations.models import Attempt, Execution
from automations.tasks import work
from common.processes.crash_points import reached
from events.models import Event
from integrations.changes import carrying_out
from projects.models import Run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from projects.services import create_project
from teams.models import AuditEvent
from tests.world import FAILED, World, threshold

RUN_METRIC = {"event": "RUN_METRIC"}


def change(world: World, kind: str, *conditions: dict[str, Any], **values: Any) -> None:
    params = values.pop("params", {})
    world.automation(*conditions, action={"type": kind, **params}, **values)


def log(run: Run, loss: float) -> None:
    ingest_rows(run, run.chunks.count(), [{"loss": loss}])
    work()
    run.refresh_from_db()


def details() -> list[tuple[str, str]]:
    return [(row.state, row.reason) for row in Execution.objects.order_by("id")]


def test_a_run_that_diverges_is_asked_to_stop(world: World) -> None:
    change(world, "stop_run", threshold(), **RUN_METRIC)
    run = world.run()
    log(run, 2.0)
    assert run.stop_requested_at is not None
    assert details() == [("delivered", "The run was asked to stop: its script is told with the next answer.")]
    row = AuditEvent.objects.get(verb="run.stop")
    assert (row.door, row.agent, row.target, row.team) == (
        "automation",
        "automation",
        f"run acme/mnist/{run.name}",
        world.team,
    )


def test_a_run_that_has_ended_is_not_stopped(world: World) -> None:
    change(world, "stop_run", FAILED)
    run = world.run()
    finish_run(run, 1)
    work()
    run.refresh_from_db()
    assert run.stop_requested_at is None
    assert details() == [("delivered", "The run was failed already: there was nothing to stop.")]


def test_it_is_tagged_noted_on_and_given_a_summary_value(world: World) -> None:
    change(world, "tag_run", threshold(), name="a", params={"tag": "diverged"}, **RUN_METRIC)
    text = "${automation_name}: ${metric_value}"
    change(world, "note_on_run", threshold(), name="b", params={"text": text}, **RUN_METRIC)
    for name, value in (("is_bad", "true"), ("score", "0.5"), ("word", "1e999")):
        change(
            world, "set_run_summary", threshold(), name=name, params={"summary_key": name, "value": value}, **RUN_METRIC
        )
    run = world.run("run1", tags=["mine"])
    log(run, 2.0)
    assert (run.tags, run.notes) == (["mine", "diverged"], "b: 2.0")
    assert run.client_summary == {"is_bad": True, "score": 0.5, "word": "1e999"}
    assert {state for state, _reason in details()} == {"delivered"}


def test_an_alias_moves_to_the_version(world: World) -> None:
    change(world, "move_alias", event="CREATE_ARTIFACT", params={"alias": "candidate"})
    made, _new = get_or_create_collection(world.project, "model", "model")
    entries = []
    for digest in ("a", "b"):
        entries.append(create_version(made, digest).entry)
        work()
    assert [sorted(entry.alias_names) for entry in map(_again, entries)] == [[], ["candidate", "latest"]]


def _again(entry: Any) -> Any:
    return type(entry).objects.get(pk=entry.pk)


def test_what_it_changed_fires_others_and_no_circle(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))
    world.automation({"type": "alias", "pattern": "^candidate$"}, event="ADD_ARTIFACT_ALIAS", name="told")
    for alias, answer in (("candidate", "other"), ("other", "candidate")):
        pattern = {"type": "alias", "pattern": f"^{alias}$"}
        change(world, "move_alias", pattern, event="ADD_ARTIFACT_ALIAS", name=alias, params={"alias": answer})
    made, _new = get_or_create_collection(world.project, "model", "model")
    first, second = (create_version(made, digest).entry for digest in ("a", "b"))
    for entry in (first, second) * 3:
        add_aliases(entry, ["candidate"])
        work()
    assert len(receiver.log) >= 6
    assert max(Event.objects.values_list("depth", flat=True)) <= 6


def test_another_teams_run_is_left_alone(world: World) -> None:
    theirs = create_project(world.other_team, "theirs")
    place = scopes.place_named({"type": "organization", "name": world.team.organization.name, "team": "acme"})
    assert place is not None
    draft = AutomationDraft(name="wide", event="RUN_STATE", conditions=[FAILED], action={"type": "tag_run", "tag": "x"})
    create_automation(place, draft, by=world.users["alice"])
    run = start_run(theirs, "run1", RunDetails(), user=world.users["charlie"]).run
    finish_run(run, 1)
    work()
    run.refresh_from_db()
    assert run.tags == []
    ((state, reason),) = details()
    assert (state, reason[:31]) == ("failed", "The run is another team's: an a")


def test_a_run_that_is_gone_is_said_to_be(world: World) -> None:
    change(world, "tag_run", FAILED, params={"tag": "x"})
    run = world.run()
    finish_run(run, 1)
    evaluate()
    run.delete()
    work()
    assert details() == [("failed", "The run is gone.")]


@pytest.mark.parametrize(
    ("kind", "event", "params", "field"),
    [
        ("tag_run", "RUN_STATE", {"tag": ""}, "action.tag"),
        ("note_on_run", "RUN_STATE", {"text": "${nothing}"}, "action.text"),
        ("set_run_summary", "RUN_STATE", {"summary_key": "x"}, "action.value"),
        ("move_alias", "CREATE_ARTIFACT", {"alias": "v1"}, "action.alias"),
        ("stop_run", "CREATE_ARTIFACT", {}, "action"),
        ("move_alias", "RUN_STATE", {"alias": "x"}, "action"),
    ],
)
def test_what_makes_no_sense_is_refused(
    world: World, kind: str, event: str, params: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        change(world, kind, *([FAILED] if event == "RUN_STATE" else []), event=event, params=params)
    assert [name for name in refused.value.message_dict if name.startswith(field)]


def test_a_worker_that_dies_over_it_has_done_nothing_or_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change(world, "note_on_run", FAILED, params={"text": "It failed."})
    run = world.run()
    finish_run(run, 1)

    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "delivery.storing":
            raise Killed
        reached(point)

    with monkeypatch.context() as dying:
        dying.setattr("automations.delivery.sending.crash_points.reached", die)
        with pytest.raises(Killed):
            work()
    run.refresh_from_db()
    assert (run.notes, Attempt.objects.count()) == ("", 0)
    Execution.objects.update(leased_until=None, lease="")
    work()
    run.refresh_from_db()
    assert (run.notes, Attempt.objects.count()) == ("It failed.", 1)


def test_a_change_that_breaks_is_tried_again_and_keeps_no_other(
    world: World, receiver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.webhook(receiver.url_for("/hook"))
    change(world, "note_on_run", FAILED, params={"text": "It failed."})
    world.automation(FAILED, name="beside")

    def breaks(team: int, about: Any, said: Any) -> str:
        Run.objects.filter(pk=about["run"]).update(notes="half")
        raise ZeroDivisionError

    monkeypatch.setitem(carrying_out.CHANGES, "note_on_run", breaks)
    run = world.run()
    finish_run(run, 1)
    work()
    run.refresh_from_db()
    assert run.notes == ""
    assert sorted(details()) == [
        ("delivered", "The receiver answered 200."), ("pending", "Runbell failed to do it: ZeroDivisionError."),
    ]  # fmt: skip
