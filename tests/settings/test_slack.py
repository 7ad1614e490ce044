"""Slack in Team settings: connected by OAuth, channels picked and tested, secrets typed and never shown."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import time_machine
from django.test import Client
from django.utils.timezone import now

from automations.models import Automation
from integrations.slack import alerts
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.slack.provider import SlackProvider
from tests.settings.conftest import Browser
from tests.settings.pages import page, said, text
from tests.slack_server import CLIENT_ID, CLIENT_SECRET, TOKEN, SlackServer
from tests.world import FAILED, World

CONNECT, CALLBACK = "/settings/slack/connect/acme", "/settings/slack/callback"


@pytest.fixture
def app(settings: Any) -> None:
    """The operator's own Slack app."""
    settings.SLACK_CLIENT_ID, settings.SLACK_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.RUNBELL_URL = "http://testserver"


@pytest.fixture
def alerts_channel(world: World, slack: SlackServer) -> SlackChannel:
    workspace = SlackWorkspace.objects.create(team=world.team, slack_id="T001", name="Acme Inc", token=TOKEN)
    return SlackChannel.objects.create(team=world.team, name="alerts", workspace=workspace, channel_id="C002")


def consent(client: Client) -> str:
    """Follow the link to Slack and say yes there; give the address that Slack sends the browser back to."""
    answer = client.get(CONNECT)
    back = requests.get(answer["Location"], allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith("http://testserver/settings/slack/callback?")
    return back.removeprefix("http://testserver")


# OAuth ---------------------------------------------------------------------------------------------


def test_a_workspace_is_connected_by_consent(alice: Client, slack: SlackServer, app: None) -> None:
    answer = alice.get(consent(alice))
    workspace = SlackWorkspace.objects.get()
    assert (workspace.team.name, workspace.name, workspace.slack_id) == ("acme", "Acme Inc", "T001")
    assert workspace.created_by.username == "alice"
    assert answer["Location"] == f"/settings/slack/workspaces/{workspace.pk}"
    exchanged = slack.requests[-1]
    assert exchanged.path == "/api/oauth.v2.access"
    assert exchanged.body == {"code": "code-1", "redirect_uri": "http://testserver/settings/slack/callback"}


def test_slack_is_asked_for_what_posting_takes(alice: Client, slack: SlackServer, app: None) -> None:
    address = urlsplit(alice.get(CONNECT)["Location"])
    asked = dict(parse_qsl(address.query))
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{slack.url}/oauth/v2/authorize"
    assert asked["client_id"] == CLIENT_ID
    assert asked["scope"] == "chat:write,chat:write.public,channels:read,groups:read"
    assert len(asked["state"]) >= 32


def refused(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer["Location"] == page(SlackWorkspace, "changelist")
    assert SlackWorkspace.objects.count() == 0
    # What was said before stands there still: no page has shown it.
    return said(client, answer)[-1:]


LATE = ["Slack's answer does not belong to a question of yours, or came too late. Try again."]


def test_a_state_is_good_once_in_this_browser_for_ten_minutes(
    browser: Browser, slack: SlackServer, app: None, world: World
) -> None:
    alice = browser("alice")
    assert refused(alice, f"{CALLBACK}?code=code-1&state=guessed") == LATE
    back = consent(alice)
    assert refused(browser("alice"), back) == LATE
    assert refused(alice, back.replace("state=", "state=x")) == LATE
    assert refused(alice, back) == LATE
    back = consent(alice)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        alice.force_login(world.users["alice"])
        assert refused(alice, back) == LATE
    assert not [seen for seen in slack.requests if seen.path.startswith("/api/")]


def test_who_is_no_admin_any_more_connects_nothing(alice: Client, slack: SlackServer, app: None, world: World) -> None:
    back = consent(alice)
    world.users["alice"].memberships.update(role="member")
    alice.get(back)
    assert SlackWorkspace.objects.count() == 0


def test_a_refused_consent_and_a_refused_code_are_told(alice: Client, slack: SlackServer, app: None) -> None:
    back = consent(alice).replace("code=code-1", "error=access_denied")
    assert refused(alice, back) == ["The workspace was not connected: Slack says access_denied."]
    back = consent(alice).replace("code-1", "code-2")
    assert refused(alice, back) == ["Slack answered: invalid_code."]


@pytest.mark.parametrize("person", ["bob", "vera", "charlie"])
def test_only_an_admin_of_the_team_connects(browser: Browser, slack: SlackServer, app: None, person: str) -> None:
    assert browser(person).get(CONNECT).status_code in (403, 404)


def test_without_an_app_the_page_says_what_to_set(alice: Client, slack: SlackServer) -> None:
    assert refused(alice, CONNECT) == [
        "No Slack app is set up here: the operator sets SLACK_CLIENT_ID, SLACK_CLIENT_SECRET."
    ]
    assert "Connect Slack" not in text(alice.get(page(SlackWorkspace, "changelist")))


def test_the_list_offers_to_connect(alice: Client, slack: SlackServer, app: None) -> None:
    assert f'href="{CONNECT}"' in text(alice.get(page(SlackWorkspace, "changelist")))


# Workspaces and channels ---------------------------------------------------------------------------


def test_a_workspace_is_connected_by_a_pasted_token(alice: Client, slack: SlackServer, world: World) -> None:
    alice.post(page(SlackWorkspace, "add"), {"team": world.team.pk, "token": TOKEN})
    assert SlackWorkspace.objects.get().name == "Acme Inc"


def test_a_wrong_token_is_refused_and_not_shown_again(alice: Client, slack: SlackServer, world: World) -> None:
    answer = alice.post(page(SlackWorkspace, "add"), {"team": world.team.pk, "token": "xoxb-wrong-canary"})
    assert "Slack no longer accepts the token (invalid_auth)." in text(answer)
    assert "canary" not in text(answer)


def test_channels_are_picked_from_slacks_list(alice: Client, slack: SlackServer, alerts_channel: SlackChannel) -> None:
    slack.channels.append({"id": "C003", "name": "training"})
    first = text(alice.get(f"/settings/slack/workspaces/{alerts_channel.workspace_id}"))
    assert "#general" in first
    assert "?cursor=2" in first
    second = text(alice.get(f"/settings/slack/workspaces/{alerts_channel.workspace_id}?cursor=2"))
    (address,) = re.findall(r'href="(/settings/[^"]*/add/\?[^"]*name=[^"]*)"', second)
    form = text(alice.get(html.unescape(address)))
    assert 'value="training"' in form
    assert 'value="C003"' in form
    assert '<option value="T001" selected>' in form


def test_a_rate_limit_while_picking_says_how_long_to_wait(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel
) -> None:
    slack.limit(1, method="conversations.list", seconds=20)
    shown = text(alice.get(f"/settings/slack/workspaces/{alerts_channel.workspace_id}"))
    assert "Slack asks to wait 20 seconds" in shown


@pytest.mark.parametrize("way", ["workspace", "token", "webhook"])
def test_a_channel_is_made_in_three_ways(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel, world: World, way: str
) -> None:
    sent = {
        "workspace": {"workspace": "T001", "channel_id": "C001"},
        "token": {"token": TOKEN, "channel_id": "C001"},
        "webhook": {"webhook_url": slack.hook_url},
    }[way]
    alice.post(page(SlackChannel, "add"), {"team": world.team.pk, "name": "new", "enabled": "on", **sent})
    made = SlackChannel.objects.get(name="new")
    assert made.by_bot == (way != "webhook")
    assert made.created_by == world.users["alice"]


def test_no_page_shows_a_token_or_an_address(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel, world: World
) -> None:
    hooked = SlackChannel.objects.create(team=world.team, name="hooked", webhook_url=slack.hook_url)
    pages = [page(SlackWorkspace, "changelist"), page(SlackChannel, "changelist")]
    for row in (alerts_channel, hooked, alerts_channel.workspace):
        pages += [page(type(row), name, row.pk) for name in ("change", "delete", "history")]
    shown = "".join(text(alice.get(address)) for address in pages)
    refused_form = alice.post(page(SlackChannel, "change", hooked.pk), {"name": "", "webhook_url": slack.hook_url})
    assert "hook-secret" not in shown + text(refused_form)
    assert TOKEN not in shown


def test_a_channel_is_renamed_and_chosen_for_alerts(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel, world: World
) -> None:
    sent = {"name": "bell", "channel_id": "C001", "enabled": "on", "alerts": "on"}
    alice.post(page(SlackChannel, "change", alerts_channel.pk), sent)
    alerts_channel.refresh_from_db()
    assert (alerts_channel.name, alerts_channel.channel_id) == ("bell", "C001")
    assert alerts.channel_for_alerts(world.team) == alerts_channel
    alice.post(page(SlackChannel, "change", alerts_channel.pk), {**sent, "alerts": ""})
    assert alerts.channel_for_alerts(world.team) is None


def test_enabling_takes_the_reason_away(alice: Client, slack: SlackServer, alerts_channel: SlackChannel) -> None:
    SlackProvider.disable(alerts_channel.pk, "It was archived.")
    assert "It was archived." in text(alice.get(page(SlackChannel, "changelist")))
    sent = {"name": "alerts", "channel_id": "C002", "enabled": "on"}
    alice.post(page(SlackChannel, "change", alerts_channel.pk), sent)
    alerts_channel.refresh_from_db()
    assert (alerts_channel.enabled, alerts_channel.disabled_reason) == (True, "")


def test_a_test_is_sent_from_the_page_and_its_answer_shown(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel
) -> None:
    assert '<a href="/acme/integrations/slack/alerts/test">Send a test</a>' in text(
        alice.get(page(SlackChannel, "changelist"))
    )
    assert "Send the test" in text(alice.get("/acme/integrations/slack/alerts/test"))
    assert slack.messages == []
    shown = text(alice.post("/acme/integrations/slack/alerts/test"))
    assert "Slack took the message." in shown
    assert "1700000000.000100" in shown
    assert TOKEN not in shown
    slack.refuse("chat.postMessage", "is_archived")
    assert "The channel was archived (is_archived)." in text(alice.post("/acme/integrations/slack/alerts/test"))


def test_a_member_sends_no_test(browser: Browser, slack: SlackServer, alerts_channel: SlackChannel) -> None:
    assert browser("bob").post("/acme/integrations/slack/alerts/test").status_code == 403
    assert slack.requests == []


def test_deleting_a_used_channel_names_the_automations_first(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel, world: World
) -> None:
    world.automation(FAILED, name="tell", action={"type": "notify_slack", "channel": "alerts"})
    shown = text(alice.get(page(SlackChannel, "delete", alerts_channel.pk)))
    assert "The automation tell of acme/mnist posts there: it will need attention, and what it sends fails." in shown
    alice.post(page(SlackChannel, "delete", alerts_channel.pk), {"post": "yes"})
    assert SlackChannel.objects.count() == 0
    assert Automation.objects.get().problem.startswith("Its Slack channel alerts was deleted.")


def test_a_workspace_with_channels_is_not_deleted(
    alice: Client, slack: SlackServer, alerts_channel: SlackChannel
) -> None:
    answer = alice.post(page(SlackWorkspace, "delete", alerts_channel.workspace_id), {"post": "yes"})
    assert said(alice, answer) == ["Channels use the workspace Acme Inc: alerts. Delete them first."]
    assert SlackWorkspace.objects.count() == 1
