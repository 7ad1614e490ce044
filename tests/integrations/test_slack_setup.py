"""Setting Slack up over REST: workspaces, channels reached in three ways, and what is refused."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from automations.models import Automation
from integrations.slack import services as slack_services
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.provider import SlackProvider
from secrets_vault.encrypted_field import SecretUnavailable
from teams.models import AuditEvent, Notice
from teams.notices import team_notices
from tests.slack_server import TOKEN, Answer, SlackServer
from tests.world import FAILED, World

WORKSPACES = "/api/v1/teams/acme/slack-workspaces"
CHANNELS = "/api/v1/teams/acme/integrations/slack"


def post(api: APIClient, address: str, **sent: Any) -> Any:
    return api.post(address, sent, format="json")


def connect(api: APIClient) -> SlackWorkspace:
    assert post(api, WORKSPACES, token=TOKEN).status_code == 201
    return SlackWorkspace.objects.get()


def wrong(answer: Any, status: int = 400) -> tuple[str, str]:
    assert answer.status_code == status, answer.json()
    (error,) = answer.json()["errors"]
    assert error["value"] is None or TOKEN not in str(error["value"])
    return error["field"], error["message"]


# Workspaces ----------------------------------------------------------------------------------------


def test_a_bot_token_connects_the_workspace_it_is_for(api: APIClient, slack: SlackServer) -> None:
    answer = post(api, WORKSPACES, token=f" {TOKEN}\n")
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["id"], shown["name"]) == ("T001", "Acme Inc")
    assert "token" not in shown
    assert slack.requests[0].path == "/api/auth.test"


def test_a_token_that_slack_does_not_know_is_refused(api: APIClient, slack: SlackServer) -> None:
    answer = post(api, WORKSPACES, token="xoxb-wrong-canary")
    assert wrong(answer) == ("token", "Slack no longer accepts the token (invalid_auth).")
    assert "canary" not in answer.content.decode()
    assert SlackWorkspace.objects.count() == 0


def test_what_slack_says_of_a_token_is_kept_without_it(api: APIClient, slack: SlackServer) -> None:
    slack.answer_once("auth.test", Answer({"ok": False, "error": f"bad_{TOKEN}"}))
    assert wrong(post(api, WORKSPACES, token=TOKEN)) == ("token", "Slack answered: bad_********.")
    slack.answer_once("auth.test", Answer({"ok": True, "team": f"of {TOKEN}", "team_id": "T9"}))
    assert post(api, WORKSPACES, token=TOKEN).json()["name"] == "of ********"


def test_connected_again_it_gets_the_new_token_and_its_channels_work_again(
    api: APIClient, slack: SlackServer, world: World
) -> None:
    workspace = connect(api)
    by_slack, by_hand = (
        slack_services.create_channel(world.team, {"name": name, "workspace": "T001", "channel_id": "C002"})
        for name in ("alerts", "other")
    )
    SlackProvider.disable(by_slack.pk, "The token was revoked (token_revoked).")
    slack_services.change_channel(by_hand, {"enabled": False})
    slack.tokens["xoxb-new-2"] = slack.tokens.pop(TOKEN)
    assert post(api, WORKSPACES, token="xoxb-new-2").status_code == 201
    assert [SlackWorkspace.objects.get().pk, SlackChannel.objects.get(name="alerts").enabled] == [workspace.pk, True]
    assert not SlackChannel.objects.get(name="other").enabled
    assert not team_notices.open_notices([world.team]).exists()
    assert api.post(f"{CHANNELS}/alerts/test").json()["ok"]


def test_channels_are_listed_a_page_at_a_time(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    slack.channels = [{"id": f"C00{number}", "name": f"c{number}", "is_private": number == 2} for number in range(3)]
    first = api.get(f"{WORKSPACES}/T001/channels").json()
    assert [one["name"] for one in first["channels"]] == ["c0", "c1"]
    second = api.get(f"{WORKSPACES}/T001/channels", {"cursor": first["cursor"]}).json()
    assert second == {
        "channels": [{"channel_id": "C002", "name": "c2", "private": True}],
        "cursor": "",
        "wait_seconds": None,
    }
    asked = slack.requests[-1].body
    assert (asked["types"], asked["exclude_archived"]) == ("public_channel,private_channel", "1")


def test_a_page_larger_than_a_webhooks_answer_is_read_whole(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    slack.channels = [{"id": f"C00{number}", "name": "x" * 100_000} for number in range(2)]
    assert len(api.get(f"{WORKSPACES}/T001/channels").json()["channels"]) == 2


def test_a_rate_limit_while_listing_says_how_long_to_wait(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    slack.limit(1, method="conversations.list", seconds=20)
    answer = api.get(f"{WORKSPACES}/T001/channels", {"cursor": "2"}).json()
    assert answer == {"channels": [], "cursor": "2", "wait_seconds": 20.0}


def test_a_dead_token_while_listing_is_told(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    slack.tokens.clear()
    assert wrong(api.get(f"{WORKSPACES}/T001/channels")) == (
        "workspace",
        "Slack no longer accepts the token (invalid_auth).",
    )


def test_a_workspace_with_channels_is_not_deleted(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    post(api, CHANNELS, name="alerts", workspace="T001", channel_id="C002")
    field, message = wrong(api.delete(f"{WORKSPACES}/T001"), 409)
    assert message == "Channels use the workspace Acme Inc: alerts. Delete them first."
    api.delete(f"{CHANNELS}/alerts")
    assert api.delete(f"{WORKSPACES}/T001").status_code == 204


# Channels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["workspace", "token", "webhook"])
def test_a_channel_is_reached_in_three_ways(api: APIClient, slack: SlackServer, way: str) -> None:
    if way == "workspace":
        connect(api)
    sent = {
        "workspace": {"workspace": "T001", "channel_id": "C002"},
        "token": {"token": TOKEN, "channel_id": "C002"},
        "webhook": {"webhook_url": slack.hook_url},
    }[way]
    answer = post(api, CHANNELS, name="#alerts", **sent)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["name"] == "alerts"
    assert answer.json()["workspace"] == (None if way == "webhook" else "T001")
    assert "hook-secret" not in answer.content.decode()
    tested = api.post(f"{CHANNELS}/alerts/test").json()
    assert (tested["ok"], tested["detail"]) == (True, "Slack took the message.")
    assert slack.messages[0]["channel"] == ("hook" if way == "webhook" else "C002")
    assert TOKEN not in json.dumps(tested)
    assert "hook-secret" not in json.dumps(tested)


def test_a_test_shows_slacks_refusal(api: APIClient, slack: SlackServer) -> None:
    post(api, CHANNELS, name="alerts", token=TOKEN, channel_id="C999")
    tested = api.post(f"{CHANNELS}/alerts/test").json()
    assert tested["ok"] is False
    assert "(channel_not_found)" in tested["detail"]
    assert json.loads(tested["reply"]["body"]) == {"ok": False, "error": "channel_not_found"}
    assert SlackChannel.objects.get().enabled


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "webhook_url"),
        ({"channel_id": "C002"}, "workspace"),
        ({"channel_id": "C002", "workspace": "T999"}, "workspace"),
        ({"channel_id": "#alerts", "token": TOKEN}, "channel_id"),
        ({"channel_id": "C002", "token": "xoxb-wrong"}, "token"),
        ({"webhook_url": "http://169.254.169.254/canary"}, "webhook_url"),
        ({"webhook_url": "ftp://hooks.slack.com/canary"}, "webhook_url"),
        ({"webhook_url": "https://me:canary@hooks.slack.com/"}, "webhook_url"),
        ({"webhook_url": "https://hooks.slack.com/canary", "channel_id": "C002"}, "webhook_url"),
        ({"webhook_url": "https://hooks.example.test/canary", "name": "a/b"}, "name"),
        ({"webhook_url": "https://hooks.example.test/canary", "name": ""}, "name"),
    ],
)
def test_a_channel_that_could_not_be_reached_is_refused(
    api: APIClient, slack: SlackServer, sent: dict[str, Any], field: str
) -> None:
    answer = post(api, CHANNELS, **{"name": "alerts", **sent})
    assert wrong(answer)[0] == field
    assert "canary" not in answer.content.decode()
    assert (SlackChannel.objects.count(), slack.messages) == (0, [])


def test_a_name_that_is_taken_is_refused(api: APIClient, slack: SlackServer) -> None:
    for status in (201, 409):
        assert post(api, CHANNELS, name="alerts", webhook_url=slack.hook_url).status_code == status
    assert SlackChannel.objects.count() == 1


def test_an_address_is_replaced_and_the_way_stays(api: APIClient, slack: SlackServer) -> None:
    post(api, CHANNELS, name="alerts", webhook_url="https://hooks.example.test/old")
    changed = api.patch(f"{CHANNELS}/alerts", {"webhook_url": slack.hook_url, "name": "bell"}, format="json")
    assert (changed.status_code, changed.json()["name"]) == (200, "bell")
    assert api.post(f"{CHANNELS}/bell/test").json()["ok"]
    refused = api.patch(f"{CHANNELS}/bell", {"channel_id": "C002"}, format="json")
    assert wrong(refused)[1] == "bell is reached by an incoming webhook, and that stays. Make another channel."


def test_enabling_takes_the_reason_and_the_notice_away(api: APIClient, slack: SlackServer, world: World) -> None:
    post(api, CHANNELS, name="alerts", webhook_url=slack.hook_url)
    SlackProvider.disable(SlackChannel.objects.get().pk, "It was archived.")
    assert team_notices.open_notices([world.team]).count() == 1
    shown = api.patch(f"{CHANNELS}/alerts", {"enabled": True}, format="json").json()
    assert (shown["enabled"], shown["disabled_reason"]) == (True, "")
    assert team_notices.open_notices([world.team]).count() == 0


def test_a_used_channel_is_deleted_only_when_confirmed(api: APIClient, slack: SlackServer, world: World) -> None:
    post(api, CHANNELS, name="alerts", webhook_url=slack.hook_url)
    world.automation(FAILED, name="tell", action={"type": "notify_slack", "channel": "alerts"})
    field, message = wrong(api.delete(f"{CHANNELS}/alerts"), 409)
    assert message.startswith("Automations use the Slack channel alerts: tell.")
    assert SlackChannel.objects.count() == 1
    assert api.delete(f"{CHANNELS}/alerts?confirm=true").status_code == 204
    assert Automation.objects.get().problem == (
        "Its Slack channel alerts was deleted. Edit the automation and choose another."
    )


# Secrets and the log -------------------------------------------------------------------------------


def test_no_secret_leaves_by_dumpdata_or_the_audit_log(api: APIClient, slack: SlackServer) -> None:
    connect(api)
    post(api, CHANNELS, name="alerts", webhook_url=slack.hook_url)
    api.patch(f"{CHANNELS}/alerts", {"webhook_url": slack.hook_url}, format="json")
    dumped = io.StringIO()
    call_command("dumpdata", stdout=dumped)
    told = str(list(AuditEvent.objects.values()))
    for secret in (TOKEN, "hook-secret"):
        assert secret not in dumped.getvalue()
        assert secret not in told
    verbs = ["slack_workspace.connect", "slack_channel.create", "slack_channel.change"]
    rows = AuditEvent.objects.filter(verb__startswith="slack").order_by("id")
    assert list(rows.values_list("verb", flat=True)) == verbs
    assert AuditEvent.objects.get(verb="slack_channel.change").after == {"webhook_url": "********"}


def test_with_another_vault_key_lists_work_and_deliveries_wait(
    api: APIClient, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(api)
    post(api, CHANNELS, name="alerts", workspace="T001", channel_id="C002")
    field = SlackWorkspace._meta.get_field("token")
    monkeypatch.setattr(field, "from_db_value", _no_key)
    assert api.get(CHANNELS).json()["results"][0]["name"] == "alerts"
    assert api.get(WORKSPACES).json()["results"][0]["name"] == "Acme Inc"
    assert wrong(api.post(f"{CHANNELS}/alerts/test"))[1] == "no key opens this"


def _no_key(*_: Any, **__: Any) -> None:
    raise SecretUnavailable("no key opens this")


def test_a_notice_leads_to_the_channels_page(api: APIClient, slack: SlackServer) -> None:
    post(api, CHANNELS, name="alerts", webhook_url=slack.hook_url)
    SlackProvider.disable(SlackChannel.objects.get().pk, "It was archived.")
    assert Notice.objects.get().url == f"/settings/integrations/slackchannel/{SlackChannel.objects.get().pk}/change/"
