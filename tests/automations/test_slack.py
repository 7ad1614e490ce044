"""Slack as an action: messages as they arrive at a Slack of our own, over real HTTP, through slack-sdk."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from automations.delivery import sending
from automations.models import Attempt, Automation, Execution
from automations.tasks import work
from integrations.slack.models import SlackChannel, SlackWorkspace
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from teams.models import Notice
from tests.slack_server import TOKEN, Answer, SlackServer
from tests.world import FAILED, World, threshold

PAGE = "http://127.0.0.1:8000/acme/mnist/runs/run1"


@pytest.fixture
def alerts(world: World, slack: SlackServer) -> SlackChannel:
    """The channel `alerts`, by a bot token."""
    workspace = SlackWorkspace.objects.create(team=world.team, slack_id="T001", name="Acme Inc", token=TOKEN)
    return SlackChannel.objects.create(team=world.team, name="alerts", workspace=workspace, channel_id="C002")


@pytest.fixture
def hooked(world: World, slack: SlackServer) -> SlackChannel:
    """The channel `alerts`, by an incoming webhook."""
    return SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=slack.hook_url)


@pytest.fixture(params=["alerts", "hooked"])
def channel(request: pytest.FixtureRequest) -> SlackChannel:
    found: SlackChannel = request.getfixturevalue(request.param)
    return found


def notify(world: World, *conditions: Any, event: str = "RUN_STATE", **params: Any) -> Automation:
    action = {"type": "notify_slack", "channel": "alerts", **params}
    return world.automation(*(conditions or (FAILED,)), event=event, action=action)


def fail_a_run(world: World, name: str = "run1", display_name: str = "prod-1") -> None:
    finish_run(world.run(name, display_name=display_name), 1)
    work()


def make_due() -> None:
    Execution.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))


def outcome() -> tuple[str, str]:
    return Execution.objects.values_list("state", "reason").get()


def words(message: dict[str, Any]) -> str:
    """Every text of a message, one below the other."""

    def block_texts(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["text"]] if isinstance(part.get("text"), str) else []
            return own + [text for inner in part.values() for text in block_texts(inner)]
        return [text for inner in part for text in block_texts(inner)] if isinstance(part, list) else []

    return "\n".join(block_texts(message))


# What is said --------------------------------------------------------------------------------------


def test_a_failed_run_is_told_in_the_channel(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    notify(world, title="${run_name} needs a look", text="Call *the* owner", severity="ERROR")
    fail_a_run(world)
    (message,) = slack.messages
    assert message["text"] == f"ERROR: Run state change · <{PAGE}|prod-1>"
    (coloured,) = message["attachments"]
    assert coloured["color"] == "#c62f2f"
    header, text, facts, why, footer = coloured["blocks"]
    assert header["text"]["text"] == "prod-1 needs a look"
    assert text["text"]["text"] == "Call *the* owner"
    assert [fact["text"] for fact in facts["fields"]] == [
        "*Severity*\nERROR",
        "*Scope*\nacme/mnist",
        f"*Run*\n<{PAGE}|prod-1>",
        "*By*\nalice",
        "*Status*\nfailed",
    ]
    assert why["text"]["text"] == "*Why*\nthe run failed"
    execution = Execution.objects.get()
    assert footer["elements"][0]["text"].startswith(f"<http://127.0.0.1:8000/executions/{execution.pk}|automation")
    assert outcome() == ("delivered", "Slack took the message.")


def test_a_bot_posts_to_its_channel_with_its_token(world: World, slack: SlackServer, alerts: SlackChannel) -> None:
    notify(world)
    fail_a_run(world)
    (seen,) = slack.requests
    assert (seen.path, seen.body["channel"]) == ("/api/chat.postMessage", "C002")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["user-agent"].startswith("Runbell/")
    assert (seen.body["unfurl_links"], seen.body["link_names"], seen.body["parse"]) == (False, False, "none")


def test_a_metric_is_told_with_its_value_and_the_condition(
    world: World, slack: SlackServer, alerts: SlackChannel
) -> None:
    notify(world, threshold(aggregation="average", window=2), event="RUN_METRIC")
    ingest_rows(world.run("run1"), 0, [{"loss": 0.5}, {"loss": 2.25}])
    work()
    said = words(slack.messages[0])
    assert "*loss*\n1.375" in said
    assert "average of the last 2 loss" in said


@pytest.mark.parametrize(("severity", "colour"), [("info", "#2f6fdb"), ("WARN", "#c98500"), ("Error", "#c62f2f")])
def test_severity_is_a_colour_in_any_spelling(
    world: World, slack: SlackServer, alerts: SlackChannel, severity: str, colour: str
) -> None:
    notify(world, severity=severity)
    fail_a_run(world)
    assert slack.messages[0]["attachments"][0]["color"] == colour


@pytest.mark.parametrize(
    "name", ["<!channel>", "<@U123>", "<http://evil.test|safe>", "&lt;!here&gt;", "a|b>c", "<!subteam^S1>"]
)
def test_no_text_of_others_mentions_or_forges_a_link(
    world: World, slack: SlackServer, alerts: SlackChannel, name: str
) -> None:
    notify(world, title="${run_name} <!channel>", text="${run_name} <http://evil.test|safe>")
    fail_a_run(world, display_name=name)
    said = words(slack.messages[0])
    tags = {part.partition(">")[0].partition("|")[0] for part in said.split("<")[1:]}
    assert tags == {PAGE, f"http://127.0.0.1:8000/executions/{Execution.objects.get().pk}"}


# What is kept --------------------------------------------------------------------------------------


def test_neither_token_nor_address_is_kept(
    world: World, slack: SlackServer, channel: SlackChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    notify(world)
    slack.answer_once("hook", Answer(f"no: {slack.hook_url}", 500))
    slack.answer_once("chat.postMessage", Answer({"ok": False, "error": "x", "said": f"Bearer {TOKEN}"}, 500))
    fail_a_run(world)
    make_due()
    work()
    kept = str(list(Attempt.objects.values())) + str(list(Execution.objects.values())) + caplog.text
    assert Execution.objects.get().state == "delivered"
    assert TOKEN not in kept
    assert "hook-secret" not in kept
    assert "********" in str(Attempt.objects.order_by("id")[0].request)


def test_a_reason_does_not_say_the_secret_back(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    slack.answer_once("hook", Answer(f"no /services/T001/B001/hook-secret-1 {slack.hook_url}", 400))
    slack.answer_once("chat.postMessage", Answer({"ok": False, "error": f"what is Bearer {TOKEN}?"}))
    notify(world)
    fail_a_run(world)
    state, reason = outcome()
    assert state == "failed"
    assert "********" in reason
    assert TOKEN not in reason
    assert "hook-secret" not in reason


def test_secrets_are_encrypted_in_the_database(world: World, alerts: SlackChannel, slack: SlackServer) -> None:
    SlackChannel.objects.create(team=world.team, name="other", webhook_url=slack.hook_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM integrations_slackworkspace")
        rows = [bytes(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT private FROM integrations_integration WHERE private IS NOT NULL")
        rows += [bytes(row[0]) for row in cursor.fetchall()]
    assert len(rows) == 2
    assert not [row for row in rows if b"xoxb" in row or b"hook-secret" in row]


# Refusals ------------------------------------------------------------------------------------------


def test_a_rate_limit_is_kept_and_tried_again(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    for method in ("chat.postMessage", "hook"):
        slack.limit(1, method=method, seconds=120)
    notify(world)
    fail_a_run(world)
    execution = Execution.objects.get()
    said = "Slack's rate limit is reached: it asks to wait 120 s. This try does not count."
    assert (execution.state, execution.reason) == ("pending", said)
    assert execution.next_attempt_at is not None
    assert timedelta(seconds=110) < execution.next_attempt_at - now() <= timedelta(seconds=120)
    assert SlackChannel.objects.get().enabled
    make_due()
    work()
    assert len(slack.messages) == 1
    assert outcome()[0] == "delivered"


def test_an_announced_rate_limit_is_seen_and_uses_up_no_try(
    world: World, slack: SlackServer, alerts: SlackChannel, settings: Any
) -> None:
    settings.RETRY_SECONDS = (0,)
    slack.limit(3)
    notify(world)
    fail_a_run(world)
    for _ in range(3):
        make_due()
        work()
    assert outcome()[0] == "delivered"
    assert list(Attempt.objects.order_by("id").values_list("number", "ok")) == [
        (1, False), (2, False), (3, False), (4, True),
    ]  # fmt: skip
    assert Attempt.objects.earliest("id").reply["status"] == 429


def test_announced_rate_limits_do_not_go_on_for_ever(
    world: World, slack: SlackServer, alerts: SlackChannel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RETRY_SECONDS = (0,)
    monkeypatch.setattr(sending, "_MOST_ANNOUNCED", 2)
    slack.limit(9)
    notify(world)
    fail_a_run(world)
    for _ in range(2):
        make_due()
        work()
    assert outcome()[0] == "failed"
    assert len(slack.requests) == 3


def test_a_rate_limit_that_announces_nothing_counts(
    world: World, slack: SlackServer, alerts: SlackChannel, settings: Any
) -> None:
    settings.RETRY_SECONDS = (0,)
    slack.answer_once("chat.postMessage", Answer({"ok": False, "error": "ratelimited"}, 429))
    notify(world)
    fail_a_run(world)
    assert outcome() == ("failed", "Slack asks to try later (ratelimited).")


def test_what_else_waits_for_the_channel_waits_for_the_limit_too(
    world: World, slack: SlackServer, channel: SlackChannel
) -> None:
    for method in ("chat.postMessage", "hook"):
        slack.limit(1, method=method, seconds=120)
    notify(world)
    for name in ("run1", "run2", "run3"):
        finish_run(world.run(name), 1)
    work()
    assert len(slack.requests) == 1
    for execution in Execution.objects.all():
        assert execution.next_attempt_at is not None
        assert execution.next_attempt_at - now() > timedelta(seconds=110)
    assert sorted(Execution.objects.values_list("attempts_made", flat=True)) == [0, 0, 1]


def test_a_channel_takes_a_message_a_second(world: World, slack: SlackServer, channel: SlackChannel) -> None:
    arrived: list[float] = []
    slack.show = lambda _message: arrived.append(time.monotonic())
    notify(world)
    for name in ("run1", "run2", "run3"):
        finish_run(world.run(name), 1)
    work()
    between = [later - earlier for earlier, later in pairwise(arrived)]
    assert len(between) == 2
    assert min(between) > 0.9
    assert set(Execution.objects.values_list("attempts_made", flat=True)) == {1}


@pytest.mark.parametrize(
    "error",
    [
        "invalid_auth", "not_authed", "token_revoked", "account_inactive", "is_archived", "channel_not_found",
        "not_in_channel",
    ],
)  # fmt: skip
def test_a_dead_token_or_channel_disables_it_and_the_team_is_told(
    world: World, slack: SlackServer, alerts: SlackChannel, error: str
) -> None:
    slack.refuse("chat.postMessage", error)
    notify(world)
    fail_a_run(world)
    state, reason = outcome()
    alerts.refresh_from_db()
    assert state == "failed"
    assert f"({error})" in reason
    assert (alerts.enabled, alerts.disabled_reason) == (False, reason)
    notice = Notice.objects.get()
    assert (notice.team, notice.text) == (world.team, f"The Slack channel alerts is disabled. {reason}")
    assert notice.url == f"/settings/integrations/slackchannel/{alerts.pk}/change/"


@pytest.mark.parametrize("error", ["no_service", "invalid_token", "channel_is_archived", "channel_not_found"])
def test_a_dead_incoming_webhook_disables_its_channel(
    world: World, slack: SlackServer, hooked: SlackChannel, error: str
) -> None:
    slack.refuse("hook", error)
    notify(world)
    fail_a_run(world)
    hooked.refresh_from_db()
    assert outcome()[0] == "failed"
    assert not hooked.enabled
    assert f"({error})" in hooked.disabled_reason
    assert Notice.objects.count() == 1


def test_an_incoming_webhook_that_was_removed_disables_its_channel(
    world: World, slack: SlackServer, hooked: SlackChannel
) -> None:
    slack.hooks.clear()
    slack.hooks.add("/services/other")
    notify(world)
    fail_a_run(world)
    assert outcome() == (
        "failed",
        "The incoming webhook was disabled or removed (no_service). "
        "Make a new incoming webhook in Slack and put its address here.",
    )


def test_a_disabled_channel_is_not_asked_again(world: World, slack: SlackServer, alerts: SlackChannel) -> None:
    slack.refuse("chat.postMessage", "is_archived")
    notify(world)
    fail_a_run(world)
    fail_a_run(world, "run2")
    assert len(slack.requests) == 1
    newest = Execution.objects.order_by("-id")[0]
    assert newest.reason.startswith("The Slack channel alerts is disabled. The channel was archived (is_archived).")


@pytest.mark.parametrize(
    ("error", "state"),
    [("internal_error", "pending"), ("ratelimited", "pending"), ("msg_too_long", "failed"), ("no_text", "failed")],
)
def test_other_refusals_disable_nothing(
    world: World, slack: SlackServer, alerts: SlackChannel, error: str, state: str
) -> None:
    slack.refuse("chat.postMessage", error)
    notify(world)
    fail_a_run(world)
    assert outcome()[0] == state
    assert error in outcome()[1]
    assert SlackChannel.objects.get().enabled


BROKEN: list[tuple[Answer, str]] = [
    (Answer("<html>busy</html>", 503), "pending"),
    (Answer("<html>what</html>", 200), "failed"),
    (Answer("", 302, {"Location": "http://evil.test/"}), "failed"),
    (Answer("[1]", 200), "failed"),
    (Answer("", 500), "pending"),
]


@pytest.mark.parametrize(("answer", "state"), BROKEN)
def test_an_answer_that_is_not_slacks_is_told(
    world: World, slack: SlackServer, channel: SlackChannel, answer: Answer, state: str
) -> None:
    for method in ("chat.postMessage", "hook"):
        slack.answer_once(method, answer)
    notify(world)
    fail_a_run(world)
    assert outcome()[0] == state
    assert "Slack" in outcome()[1]
    assert SlackChannel.objects.get().enabled


def test_slack_that_cannot_be_reached_is_tried_again(world: World, alerts: SlackChannel, settings: Any) -> None:
    with SlackServer() as gone:
        settings.SLACK_API_URL = gone.api_url
    notify(world)
    fail_a_run(world)
    assert outcome() == ("pending", "The connection was refused")


def test_an_address_that_the_policy_refuses_fails_at_once(world: World, alerts: SlackChannel, settings: Any) -> None:
    settings.SLACK_API_URL = "http://169.254.169.254/api/"
    notify(world)
    fail_a_run(world)
    state, reason = outcome()
    assert state == "failed"
    assert "private or reserved" in reason


def delete_the_channel() -> None:
    SlackChannel.objects.all().delete()


def disable_the_channel() -> None:
    SlackChannel.objects.update(enabled=False)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (delete_the_channel, "Its Slack channel was deleted. Edit the automation and choose another."),
        (disable_the_channel, "The Slack channel alerts is disabled. It was disabled by a person."),
    ],
)
def test_what_cannot_be_posted_ends_with_a_reason(
    world: World, slack: SlackServer, alerts: SlackChannel, happens: Callable[[], None], reason: str
) -> None:
    notify(world)
    finish_run(world.run(), 1)
    happens()
    work()
    assert outcome() == ("failed", reason)
    assert slack.requests == []
