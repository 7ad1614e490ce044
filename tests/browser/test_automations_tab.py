"""The Automations tab as people use it: from an empty project to what was delivered, all by clicking."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site, running_site
from tests.browser.rest import Script
from tests.browser.watched import assert_open_to_all, overflow
from tests.processes import wait_until
from tests.slack_server import SlackServer

LIST, NEW = "/demo/empty/automations", "/demo/empty/automations/new"
SLOW = 20_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, slack_there: SlackServer) -> Iterator[Site]:
    """A Runbell whose Slack is on this machine, with a project in which nothing has happened."""
    with running_site(tmp_path_factory.mktemp("runbell"), SLACK_API_URL=slack_there.api_url) as found:
        Script(found).post("projects/demo", {"name": "empty"})
        yield found


@pytest.fixture
def script(site: Site) -> Script:
    return Script(site)


def add_webhook(page: Page, name: str, url: str) -> None:
    page.goto("/settings/integrations/webhook/add/")
    page.locator("#id_name").fill(name)
    page.locator("#id_url").fill(url)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name=name).first).to_be_visible()


def test_an_example_becomes_an_automation_that_says_what_it_would_do(
    page: Page, script: Script, receiver: HTTPServer
) -> None:
    add_webhook(page, "on-call", receiver.url_for("/hook"))
    script.fail("earlier", display_name="prod-earlier")

    page.goto(LIST)
    page.get_by_role("link", name="Tell Slack when a run fails").click()
    expect(page.get_by_label("Failed (also when crashed)")).to_be_checked()
    expect(page.get_by_role("heading", name="In the last 30 days")).to_be_visible()
    backtest = page.locator("#backtest")
    expect(backtest).to_contain_text("It would have fired once.", timeout=SLOW)
    expect(backtest.get_by_role("link", name="prod-earlier")).to_be_visible()
    page.get_by_text("Filter on run name").click()
    page.get_by_label("Run name matches").fill("^dev-")
    expect(backtest).to_contain_text("It would not have fired", timeout=SLOW)
    page.get_by_label("Run name matches").fill("^prod-")
    expect(backtest).to_contain_text("fired once", timeout=SLOW)

    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Webhook").check()
    page.get_by_label("Webhook", exact=True).last.select_option("on-call")
    preview = page.locator("#preview")
    expect(preview).to_contain_text('"event": "RUN_STATE"', timeout=SLOW)
    page.get_by_label("Preview with").select_option(index=1)
    expect(preview).to_contain_text("prod-earlier", timeout=SLOW)
    page.locator("#form").get_by_role("button", name="Send a test").click()
    expect(page.locator("#tested")).to_contain_text("Delivered", timeout=SLOW)
    assert len(receiver.log) == 1

    page.get_by_role("button", name="Next: name and limits").click()
    sentence = "When a run of demo/empty whose name matches ^prod- fails, call on-call."
    expect(page.locator(".summary")).to_have_text(sentence)
    page.get_by_label("Name", exact=True).fill("Wake the on-call")
    page.get_by_role("button", name="Create automation").click()
    expect(page.get_by_role("heading", name="Wake the on-call")).to_be_visible()
    expect(page.locator(".sentence.large")).to_have_text(sentence)


def test_what_was_delivered_appears_by_itself_and_goes_again(page: Page, script: Script, receiver: HTTPServer) -> None:
    add_webhook(page, "pager", receiver.url_for("/hook"))
    script.post("projects/demo", {"name": "delivered"})
    script.post("automations", {
        "name": "Wake the pager", "scope": {"type": "project", "name": "demo/delivered"}, "event": "RUN_STATE",
        "conditions": [{"type": "run_state", "states": ["failed"]}],
        "action": {"type": "send_webhook", "webhook": "pager"},
    })  # fmt: skip
    page.goto("/demo/delivered/history")
    expect(page.get_by_text("What automations did will be here")).to_be_visible()
    script.fail("r1", project="demo/delivered")
    row = page.locator("#history tbody tr")
    expect(row).to_have_count(1, timeout=SLOW)
    expect(row).to_contain_text("Delivered", timeout=SLOW)
    row.get_by_role("link", name="Wake the pager").click()

    expect(page.locator("#execution")).to_contain_text("The run failed")
    expect(page.locator(".attempt")).to_contain_text("Delivered")
    page.get_by_role("button", name="Deliver again").click()
    expect(page.locator(".attempt")).to_have_count(2, timeout=SLOW)
    ids = [request.headers["webhook-id"] for request, _answer in receiver.log]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_slack_message_by_clicking(page: Page, script: Script, slack_there: SlackServer) -> None:
    script.post("teams/demo/integrations/slack", {"name": "alerts", "webhook_url": slack_there.hook_url})
    page.goto(f"{NEW}?event=RUN_METRIC&metric=val/loss&name=Loss")
    page.get_by_label("Aggregation").select_option(label="Latest value")
    page.get_by_label("Threshold", exact=True).fill("1.5")
    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Slack notification").check()
    page.get_by_label("Slack channel").select_option("alerts")
    title = page.locator("[name=notify_slack-title]")
    title.focus()
    page.get_by_role("button", name="${run_name}").click()
    expect(title).to_have_value("${run_name}")
    page.locator("#form").get_by_role("button", name="Send a test").click()
    expect(page.locator("#tested")).to_contain_text("Delivered", timeout=SLOW)
    page.get_by_role("button", name="Next: name and limits").click()
    page.get_by_role("button", name="Create automation").click()
    expect(page.get_by_text("“Loss” is made.")).to_be_visible()
    told = len(slack_there.messages)
    script.run("s1", display_name="loud", losses=(1.0, 1.2, 2.5, 0.9))
    wait_until(lambda: len(slack_there.messages) > told, 30, "a Slack message")
    assert "loud" in str(slack_there.messages[-1])
    expect(page.locator("#history tbody tr")).to_contain_text("2.5 > 1.5", timeout=SLOW)
    page.locator("#history tbody a").first.click()
    expect(page.locator("figure canvas")).to_be_visible(timeout=SLOW)
    expect(page.locator("figure .fire")).to_have_count(1)
    assert_open_to_all(page)


def test_errors_stand_at_their_step_and_nothing_is_lost(page: Page) -> None:
    page.goto(f"{NEW}?event=RUN_METRIC&name=Kept")
    page.get_by_role("button", name="Next: what it does").click()
    expect(page.get_by_role("alert")).to_contain_text("Name a metric")
    page.get_by_label("Metric", exact=True).fill("loss")
    page.get_by_label("Threshold", exact=True).fill("2")
    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Do nothing").check()
    page.locator(".turns button").last.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept")
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Create automation").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the automation a name.")
    page.locator(".turns button").first.click()
    expect(page.get_by_label("Metric", exact=True)).to_have_value("loss")


def test_another_event_keeps_what_was_typed(page: Page) -> None:
    page.goto(f"{NEW}?event=RUN_STATE&run_state-states=failed&name=Kept")
    page.get_by_role("button", name="Change the event").click()
    page.get_by_role("button", name=re.compile("Run stalled")).click()
    page.locator(".turns button").nth(1).click()
    page.get_by_role("radio", name="Do nothing").check()
    page.locator(".turns button").last.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept")


def test_a_list_and_a_new_automation_need_no_scripts(without_scripts: Page) -> None:
    page = without_scripts
    page.goto(f"{NEW}?event=RUN_STATE")
    page.get_by_label("Finished").check()
    page.get_by_text("Filter on run name").click()
    page.get_by_label("Run name matches").fill("^quiet")
    page.get_by_role("button", name="Next: what it does").click()
    page.get_by_role("radio", name="Do nothing").check()
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#tested")).to_contain_text("Delivered")
    page.get_by_role("button", name="Next: name and limits").click()
    page.get_by_label("Name", exact=True).fill("Without scripts")
    page.get_by_role("button", name="Create automation").click()
    expect(page.get_by_role("heading", name="Without scripts")).to_be_visible()
    page.goto(LIST)
    row = page.locator("tr", has_text="Without scripts")
    row.get_by_role("switch").click()
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    row.get_by_label("More for Without scripts").click()
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the automation").click()
    expect(page.locator("tr", has_text="Without scripts")).to_have_count(0)


def test_switching_and_deleting_stay_on_the_page(page: Page, script: Script) -> None:
    scope = {"type": "project", "name": "demo/empty"}
    script.post(
        "automations",
        {
            "name": "Short-lived", "scope": scope, "event": "RUN_STATE", "action": {"type": "do_nothing"},
            "conditions": [{"type": "run_state", "states": ["failed"]}],
        },
    )  # fmt: skip
    page.goto(LIST)
    row = page.locator("tr", has_text="Short-lived")
    row.get_by_role("switch").click()
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    row.get_by_label("More for Short-lived").click()
    row.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It has never acted.")
    dialog.get_by_role("button", name="Delete the automation").click()
    expect(page.locator("tr", has_text="Short-lived")).to_have_count(0)


ADDRESSES = [
    LIST, "/automations", "/automations/new", NEW, f"{NEW}?event=RUN_METRIC&metric=val/loss", "/demo/empty/history",
    "/executions/1", "/automations/1", "/automations/1/explain", "/automations/1/edit", "/automations/1/delete",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_open_to_all_and_fits_a_phone(page: Page, phone: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert_open_to_all(page)
    phone.goto(address)
    phone.wait_for_load_state("networkidle")
    assert overflow(phone) == []


def test_each_step_is_open_to_all_and_fits_a_phone(page: Page, phone: Page) -> None:
    for one in (page, phone):
        one.goto(f"{NEW}?event=RUN_STATE&run_state-states=failed&run_name-pattern=^prod-&action=do_nothing")
        for button in ("Next: what it does", "Next: name and limits"):
            one.get_by_role("button", name=button).click()
            one.wait_for_load_state("networkidle")
            assert overflow(one) == []
            if one is page:
                assert_open_to_all(one)
