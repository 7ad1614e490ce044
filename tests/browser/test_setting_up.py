"""Receivers set up by clicking: a Slack workspace and its channel, a webhook that is tried, the payload of a preset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site, running_site
from tests.browser.rest import Script
from tests.browser.watched import assert_open_to_all
from tests.processes import free_port, wait_until
from tests.slack_server import CLIENT_ID, CLIENT_SECRET, TOKEN, SlackServer

NEW = "/demo/empty/automations/new"
SLOW = 20_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, slack_there: SlackServer) -> Iterator[Site]:
    """A Runbell with a Slack app of its own, whose Slack is on this machine."""
    port = str(free_port())
    settings = {
        "SLACK_API_URL": slack_there.api_url, "SLACK_CLIENT_ID": CLIENT_ID, "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "PORT": port, "RUNBELL_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    with running_site(tmp_path_factory.mktemp("runbell"), **settings) as found:
        Script(found).post("projects/demo", {"name": "empty"})
        yield found


@pytest.fixture
def script(site: Site) -> Script:
    return Script(site)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def notify_when_a_run_fails(page: Page, channel: str, name: str) -> None:
    """Make the automation, with a test on the way."""
    page.goto(f"{NEW}?event=RUN_STATE&run_state-states=failed&name={name}")
    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Slack notification").check()
    page.get_by_label("Slack channel").select_option(channel)
    page.locator("#form").get_by_role("button", name="Send a test").click()
    expect(page.locator("#tested")).to_contain_text("Delivered", timeout=SLOW)
    page.get_by_role("button", name="Next: name and limits").click()
    page.get_by_role("button", name="Create automation").click()
    expect(page.get_by_text(f"“{name}” is made.")).to_be_visible()


def test_slack_is_connected_by_consent_and_tells_of_a_failed_run(
    page: Page, script: Script, slack_there: SlackServer
) -> None:
    page.goto("/settings/")
    page.get_by_role("link", name="Slack workspaces").first.click()
    # To Slack's page of consent, which says yes, and back.
    page.get_by_role("link", name="Connect Slack", exact=True).click()
    expect(page.get_by_text("The workspace Acme Inc is connected. Pick a channel.")).to_be_visible()
    assert_open_to_all(page)
    page.get_by_role("link", name="alerts").click()
    expect(page.locator("#id_name")).to_have_value("alerts")
    expect(page.locator("#id_channel_id")).to_have_value("C002")
    save(page)
    page.get_by_role("link", name="Send a test").first.click()
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_role("status").first).to_contain_text("Slack took the message.", timeout=SLOW)
    assert [message["channel"] for message in slack_there.messages] == ["C002"]

    notify_when_a_run_fails(page, "alerts", "Call-for-help")
    told = len(slack_there.messages)
    script.fail("f1", display_name="big-one")
    wait_until(lambda: len(slack_there.messages) > told, 30, "a Slack message")
    (message,) = slack_there.messages[told:]
    assert (message["channel"], "big-one" in str(message)) == ("C002", True)
    assert slack_there.requests[-1].headers["authorization"].startswith("Bearer xoxb-oauth-")
    row = page.locator("#history tbody tr")
    expect(row).to_contain_text("Delivered", timeout=SLOW)


def test_a_pasted_token_makes_a_channel_too(page: Page, slack_there: SlackServer) -> None:
    page.goto("/settings/integrations/slackchannel/add/")
    page.locator("#id_name").fill("by-token")
    page.locator("#id_token").fill(TOKEN)
    page.locator("#id_channel_id").fill("C001")
    save(page)
    row = page.get_by_role("row", name="by-token")
    expect(row).to_contain_text("the bot in Acme Inc, channel C001")
    row.get_by_role("link", name="Send a test").click()
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_role("status").first).to_contain_text("Slack took the message.", timeout=SLOW)
    assert slack_there.messages[-1]["channel"] == "C001"
    assert TOKEN not in page.content()


def test_a_webhook_is_tried_before_it_is_saved(page: Page, receiver: HTTPServer) -> None:
    page.goto("/settings/integrations/webhook/add/")
    page.locator("#id_name").fill("tried")
    page.locator("#id_preset").select_option("discord")
    page.locator("#id_url").fill(receiver.url_for("/wrong"))
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status").first).to_contain_text("The receiver answered 500.", timeout=SLOW)
    page.locator("#id_url").fill(receiver.url_for("/hook"))
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status").first).to_contain_text("The receiver answered 200.", timeout=SLOW)
    assert_open_to_all(page)
    assert "embeds" in receiver.log[-1][0].json
    save(page)
    expect(page.get_by_role("link", name="tried", exact=True).first).to_be_visible()


def test_another_webhook_brings_the_payload_of_its_preset(page: Page, script: Script, receiver: HTTPServer) -> None:
    for name, preset in (("a-plain", ""), ("b-discord", "discord"), ("c-teams", "teams")):
        hook = {"name": name, "url": receiver.url_for("/hook"), "preset": preset, "granted_secrets": []}
        script.post("teams/demo/integrations/webhook", hook)
    page.goto(f"{NEW}?event=RUN_STATE&run_state-states=failed")
    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Webhook").check()
    choice, preview = page.get_by_label("Webhook", exact=True).last, page.locator("#preview")
    choice.select_option("b-discord")
    expect(preview).to_contain_text('"embeds"', timeout=SLOW)
    expect(page.locator(".cm-content")).to_contain_text("embeds")
    choice.select_option("c-teams")
    expect(preview).to_contain_text("AdaptiveCard", timeout=SLOW)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type('"mine"')
    choice.select_option("b-discord")
    expect(preview).to_contain_text('"mine"', timeout=SLOW)
    expect(page.locator(".cm-content")).to_contain_text("mine")
