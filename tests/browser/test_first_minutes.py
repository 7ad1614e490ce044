"""The first minutes with a new Runbell, from the sample to the first automation that fires."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site


def test_a_new_runbell_opens_on_what_is_worth_looking_at(page: Page) -> None:
    page.goto("/")
    main = page.get_by_role("main")
    expect(main.get_by_role("link", name="digits", exact=True)).to_be_visible()
    expect(main.get_by_role("heading", name="First steps")).to_be_visible()
    expect(main.get_by_role("link", name="Deploy what is production").first).to_be_visible()


def test_an_automation_is_switched_in_the_hub_without_leaving_it(page: Page, site: Site) -> None:
    page.goto("/automations")
    switch = page.get_by_role("switch", name="Enabled: Loss jumps")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.locator(".toasts .said")).to_contain_text("“Loss jumps” is off")
    expect(switch).not_to_be_checked()
    expect(page).to_have_url(f"{site.url}/automations")
    switch.click()
    expect(switch).to_be_checked()


def test_an_automation_is_switched_without_scripts_too(without_scripts: Page, site: Site) -> None:
    without_scripts.goto("/automations?sort=name")
    without_scripts.get_by_role("switch", name="Enabled: Loss is NaN").click()
    expect(without_scripts).to_have_url(f"{site.url}/automations?sort=name")
    expect(without_scripts.get_by_role("switch", name="Enabled: Loss is NaN")).not_to_be_checked()
    without_scripts.get_by_role("switch", name="Enabled: Loss is NaN").click()


def test_a_choice_narrows_the_hub_at_once_and_stands_in_the_address(page: Page) -> None:
    page.goto("/automations")
    page.get_by_label("Every scope").select_option("registry")
    expect(page).to_have_url(re.compile(r"/automations\?scope=registry&sort=new$"))
    expect(page.locator("main .list .main > a")).to_have_text(["Deploy what is production"])
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("main .list .main > a")).to_have_count(6)


def test_a_key_is_made_copied_and_taken_back(page: Page) -> None:
    page.goto("/authorize")
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make a key").click()
    shown = page.locator(".notice pre")
    key = shown.inner_text().strip()
    assert re.fullmatch(r"rb\w{44}", key)
    shown.click()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.get_by_role("link", name="Delete laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the key").click()
    expect(page.locator(".toasts .said")).to_contain_text("“laptop” is deleted")
    expect(page.get_by_role("link", name="Delete laptop")).to_have_count(0)


def test_a_webhook_is_added_in_team_settings(page: Page, httpserver: HTTPServer, site: Site) -> None:
    page.goto("/settings/")
    page.get_by_role("main").get_by_role("link", name="Webhooks").first.click()
    page.get_by_role("link", name="Add webhook").first.click()
    page.get_by_label("Name").fill("mine")
    page.get_by_label("URL").fill(httpserver.url_for("/hook"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toasts .said")).to_contain_text("mine")
    expect(page.get_by_role("main").get_by_role("link", name="mine", exact=True)).to_be_visible()


@pytest.fixture
def mine(site: Site) -> str:
    """A webhook and an automation of one's own, made over REST. Gives the address of the run that will fire it."""
    api, key = f"{site.url}/api/v1", {"Authorization": f"Bearer {site.api_key}"}
    automation = {
        "name": "My run failed",
        "scope": {"type": "project", "name": "demo/playground"},
        "event": "RUN_STATE",
        "conditions": [{"type": "run_state", "states": ["failed"]}],
        "action": {"type": "send_webhook", "webhook": "mine"},
    }
    assert requests.post(f"{api}/automations", json=automation, headers=key, timeout=10).status_code == 201
    return f"{api}/projects/demo/playground/runs"


def test_the_first_automation_fires_and_every_step_is_done(
    page: Page, mine: str, site: Site, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_json({"ok": True})
    key = {"Authorization": f"Bearer {site.api_key}"}
    assert requests.post(mine, json={"name": "first"}, headers=key, timeout=10).ok
    assert requests.post(f"{mine}/first/finish", json={"exit_code": 1}, headers=key, timeout=10).ok
    page.goto("/demo")
    for _ in range(60):
        if page.get_by_text("You are all set").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_role("heading", name="You are all set")).to_contain_text("5 of 5")
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_text("You are all set")).to_have_count(0)
    ((sent, _answer),) = httpserver.log
    assert sent.headers["webhook-id"].startswith("msg_")


def test_the_sample_goes_by_one_click(page: Page) -> None:
    page.goto("/demo")
    page.get_by_role("link", name="Remove the sample").click()
    dialog = page.get_by_role("dialog", name="Remove the sample?")
    dialog.get_by_role("link", name="Keep it").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("link", name="digits", exact=True)).to_be_visible()
    page.get_by_role("link", name="Remove the sample").click()
    dialog.get_by_role("button", name="Remove the sample").click()
    expect(page.locator(".toasts .said")).to_contain_text("The sample is gone.")
    expect(page.get_by_role("main").get_by_role("link", name="digits", exact=True)).to_have_count(0)
