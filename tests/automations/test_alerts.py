"""What scripts say with `run.alert`: an event like any other, and a channel of the team that hears it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils.timezone import now
from rest_framework.test import APIClient

from automations.models import Automation, Execution
from automations.tasks import work
from events.models import Event
from integrations.slack import alerts
from integrations.slack.models import SlackChannel
from projects.runs.alerts import alert_run
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import create_project
from tests.slack_server import SlackServer
from tests.world import World

ADDRESS = "/api/v1/teams/acme/alert-channel"


@pytest.fixture
def channel(world: World, slack: SlackServer) -> SlackChannel:
    return SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=slack.hook_url)


def blocks(message: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in message["attachments"][0]["blocks"] if "text" in block]


def test_an_alert_comes_to_the_teams_channel(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    alerts.set_channel_for_alerts(world.team, channel)
    assert alert_run(world.run(display_name="prod-1"), title="Loss is high", text="3.2 at <!here>", level="error")
    work()
    (message,) = slack.messages
    assert message["text"].startswith("ERROR: Alert of a script · <http://127.0.0.1:8000/acme/mnist/runs/run1|prod-1>")
    assert blocks(message) == ["Loss is high", "3.2 at &lt;!here&gt;"]
    assert message["attachments"][0]["color"] == "#c62f2f"


def test_alerts_of_every_project_come_there(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    alerts.set_channel_for_alerts(world.team, channel)
    other = create_project(world.team, "cifar")
    alert_run(start_run(other, "r9", RunDetails(), user=None).run, title="Hello", text="", level="INFO")
    work()
    assert [blocks(message)[0] for message in slack.messages] == ["Hello"]


def test_an_alert_is_delivered_after_a_failure_as_everything_is(
    world: World, slack: SlackServer, channel: SlackChannel
) -> None:
    alerts.set_channel_for_alerts(world.team, channel)
    slack.limit(1, method="hook")
    alert_run(world.run(), title="Hello", text="", level="INFO")
    work()
    assert Execution.objects.get().state == "pending"
    Execution.objects.update(next_attempt_at=now() - timedelta(seconds=1))
    work()
    assert len(slack.messages) == 1


def test_a_title_is_told_once_in_the_time_it_waits(world: World, channel: SlackChannel) -> None:
    run, noon = world.run(), now()
    said = []
    for seconds in (0, 30, 61):
        with time_machine.travel(noon + timedelta(seconds=seconds), tick=False):
            said.append(alert_run(run, title="Hello", text="", level="INFO", wait_seconds=60))
            alert_run(run, title=f"Other {seconds}", text="", level="INFO", wait_seconds=60)
    assert said == [True, False, True]
    assert Event.objects.filter(kind="run.alert").count() == 5


def test_a_wait_beyond_reason_is_a_day(world: World) -> None:
    run, noon = world.run(), now()
    assert alert_run(run, title="Hello", text="", level="INFO", wait_seconds=1e30)
    with time_machine.travel(noon + timedelta(hours=23), tick=False):
        assert not alert_run(run, title="Hello", text="", level="INFO", wait_seconds=1e30)
    with time_machine.travel(noon + timedelta(hours=25), tick=False):
        assert alert_run(run, title="Hello", text="", level="INFO", wait_seconds=1e30)


def test_each_alert_is_news_however_soon_it_follows(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    alerts.set_channel_for_alerts(world.team, channel)
    run = world.run()
    for number in range(3):
        alert_run(run, title=f"Alert {number}", text="", level="INFO")
    work()
    assert sorted(blocks(message)[0] for message in slack.messages) == ["Alert 0", "Alert 1", "Alert 2"]


def test_an_unknown_level_is_refused_and_nothing_told(world: World) -> None:
    with pytest.raises(ValidationError, match="'LOUD' is no level of an alert. Choose one of: INFO, WARN, ERROR."):
        alert_run(world.run(), title="Hello", text="", level="loud")
    assert not Event.objects.filter(kind="run.alert").exists()


@pytest.mark.parametrize(("least", "heard"), [("info", 3), ("WARN", 2), ("ERROR", 1)])
def test_an_automation_can_ask_for_a_level(world: World, least: str, heard: int) -> None:
    world.automation({"type": "alert_level", "level": least}, event="RUN_ALERT", action={"type": "do_nothing"})
    run = world.run()
    for level in ("INFO", "WARN", "ERROR"):
        alert_run(run, title=level, text="", level=level)
    work()
    assert Execution.objects.filter(state="delivered").count() == heard


def test_an_automation_without_texts_of_its_own_says_the_alerts(
    world: World, slack: SlackServer, channel: SlackChannel
) -> None:
    world.automation(event="RUN_ALERT", action={"type": "notify_slack", "channel": "alerts"})
    alert_run(world.run(), title="Loss is high", text="3.2", level="WARN")
    work()
    assert blocks(slack.messages[0]) == ["Loss is high", "3.2"]


# The setting ---------------------------------------------------------------------------------------


def test_the_channel_is_set_and_taken_away_over_rest(api: APIClient, world: World, channel: SlackChannel) -> None:
    SlackChannel.objects.create(team=world.team, name="other", webhook_url="https://hooks.example.test/x")
    assert api.get(ADDRESS).json() == {"channel": None}
    for name in ("alerts", "alerts", "other"):
        assert api.put(ADDRESS, {"channel": name}, format="json").json() == {"channel": name}
    assert Automation.objects.filter(deleted_at=None).count() == 1
    assert api.put(ADDRESS, {"channel": None}, format="json").json() == {"channel": None}
    assert Automation.objects.filter(deleted_at=None).count() == 0


def test_a_channel_that_is_not_there_is_refused(api: APIClient, world: World) -> None:
    refused = api.put(ADDRESS, {"channel": "nope"}, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["message"] == "The team acme has no Slack channel 'nope'."
    assert Automation.objects.count() == 0
