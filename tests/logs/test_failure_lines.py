"""One line of the log for each failed delivery, with ids and without a secret; lines of judging name their event."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from automations.conditions.run.run_state import RunStateCondition
from automations.models import Execution
from automations.tasks import work
from common.logs import log_context
from common.logs.log_format import JsonLine
from events.models import Event
from tests.world import FAILED, World, failed_at_once, put_settings

LOGGER = "automations.delivery.failure_lines"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.handler.addFilter(log_context.WithIds())

    def read(logger: str) -> list[dict[str, Any]]:
        return [json.loads(JsonLine().format(record)) for record in caplog.records if record.name == logger]

    return read


@pytest.mark.parametrize(
    "waits, level, is_tried_again", [([0, 600], "WARNING", True), ([0], "ERROR", False)], ids=["again", "for good"]
)
def test_a_failed_delivery_is_one_line(
    world: World, receiver: HTTPServer, settings: Any, logged: Any, waits: list[int], level: str, is_tried_again: bool
) -> None:
    settings.RETRY_SECONDS = waits
    receiver.expect_request("/hunter2-path").respond_with_data("hunter2 is wrong", status=500)
    world.secret("TOKEN", "hunter2-of-the-team")
    world.webhook(receiver.url_for("/hunter2-path"))
    put_settings(world.webhooks, access_token="TOKEN")
    automation = world.automation(FAILED)
    failed_at_once(world.project, ["run1"])
    work()
    (line,) = logged(LOGGER)
    execution = Execution.objects.get()
    about = {"execution": str(execution.pk), "event": str(Event.objects.get().pk), "automation": automation.pk}
    assert line == {**line, **about, "kind": "webhook", "attempt": 1, "level": level}
    assert line["outcome"] == execution.reason
    assert (line["next_attempt_at"] is not None) == is_tried_again
    assert "hunter2" not in json.dumps(line)


def test_what_works_is_no_line(world: World, receiver: HTTPServer, logged: Any) -> None:
    world.webhook(receiver.url_for("/hook"))
    world.automation(FAILED)
    failed_at_once(world.project, ["run1"])
    work()
    assert (len(receiver.log), logged(LOGGER)) == (1, [])


def test_a_condition_that_breaks_names_its_event(
    world: World, logged: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(FAILED)
    failed_at_once(world.project, ["run1"])
    monkeypatch.setattr(RunStateCondition, "judge", lambda *_given: 1 / 0)
    work()
    (line,) = logged("automations.engine.judging")
    assert line["event"] == str(Event.objects.get().pk)
    assert "ZeroDivisionError" in line["exc_info"]
