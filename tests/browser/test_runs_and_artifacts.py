"""Runs, versions and registries before a person: what leads on, what comes by itself, what must stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site
from tests.browser.hostile import HOSTILE
from tests.browser.watched import assert_open_to_all, overflow
from tests.http_receiver import HttpReceiver
from tests.processes import wait_until

PLAYGROUND = "projects/demo/playground"


@pytest.fixture
def post_to_rest(site: Site) -> Any:
    """Post to the REST API."""

    def post(path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {site.api_key}", "Content-Type": "application/json"}
        answer = requests.post(f"{site.url}/api/v1/{path}", json.dumps(body), headers=headers, timeout=20)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    return post


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    with HttpReceiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_json({"ok": True})
        yield server


def test_the_bell_of_a_chart_opens_the_wizard_with_its_metric(page: Page) -> None:
    page.goto("/demo/digits/runs")
    page.get_by_role("link", name="prod-candidate").click()
    panel = page.locator("figure[data-metric='val/loss']")
    panel.hover()
    panel.get_by_role("link", name="New automation for val/loss").click()
    expect(page.locator("[name='metric_threshold-metric']")).to_have_value("val/loss")


def test_a_chart_grows_while_its_run_logs(page: Page, post_to_rest: Any) -> None:
    post_to_rest(f"{PLAYGROUND}/runs", name="growing")
    post_to_rest(
        f"{PLAYGROUND}/runs/growing/history", offset=0, rows=[{"_step": 0, "loss": 2.5}, {"_step": 1, "loss": 2.25}]
    )
    page.goto("/demo/playground/runs/growing")
    value = page.locator("figure[data-metric='loss'] [data-chart-value]")
    expect(value).to_have_text("2.25")
    post_to_rest(f"{PLAYGROUND}/runs/growing/history", offset=2, rows=[{"_step": 2, "loss": 0.125}])
    expect(value).to_have_text("0.125", timeout=30_000)
    post_to_rest(f"{PLAYGROUND}/runs/growing/finish", exit_code=1)
    expect(page.locator("#run-badge")).to_have_text("Failed", timeout=30_000)
    expect(page.locator(".life li")).to_have_count(2)


def test_more_panels_come_when_one_scrolls_to_them(page: Page, post_to_rest: Any) -> None:
    post_to_rest(f"{PLAYGROUND}/runs", name="wide")
    post_to_rest(f"{PLAYGROUND}/runs/wide/history", offset=0, rows=[{f"m{number:03d}": number for number in range(60)}])
    page.goto("/demo/playground/runs/wide")
    expect(page.locator("#panels figure")).to_have_count(24)
    for count in (48, 60):
        page.locator("#panels figure").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 600)
        expect(page.locator("#panels figure")).to_have_count(count)
    page.get_by_label("Filter metrics").fill("m05")
    expect(page.locator("#panels figure")).to_have_count(10)


def test_an_alias_that_is_added_on_the_page_reaches_a_webhook(page: Page, post_to_rest: Any, hook: HTTPServer) -> None:
    post_to_rest("teams/demo/integrations/webhook", name="deploy", url=hook.url_for("/hook"))
    post_to_rest(
        "automations",
        name="deploy",
        scope={"type": "project", "name": "demo/digits"},
        event="ADD_ARTIFACT_ALIAS",
        conditions=[{"type": "alias", "pattern": "^shipped$"}],
        action={"type": "send_webhook", "webhook": "deploy"},
    )
    page.goto("/demo/digits/artifacts/model/digits-net/v1")
    page.get_by_label("Add an alias").fill("shipped")
    page.get_by_label("Add an alias").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The alias shipped is on v1.")
    expect(page.locator(".marks .alias").first).to_contain_text("shipped")
    wait_until(lambda: hook.log, 30, "the webhook is called")
    page.reload()
    expect(page.locator("section[aria-labelledby=automations] .list")).to_contain_text("deploy")


def test_a_version_is_linked_and_unlinked_without_scripts(without_scripts: Page) -> None:
    page = without_scripts
    page.goto("/demo/digits/artifacts/model/digits-net/v0")
    page.get_by_role("link", name="Link to a registry").click()
    page.get_by_label("Collection").fill("kept")
    page.get_by_role("button", name="Link this version").click()
    expect(page).to_have_url(re.compile("/registry/demo/models/collections/kept/v0$"))
    page.get_by_label("Add a tag").fill("by hand")
    page.get_by_label("Add a tag").press("Enter")
    expect(page.locator(".marks").nth(1)).to_contain_text("by hand")
    page.get_by_role("link", name="Unlink").click()
    page.get_by_role("button", name="Unlink").click()
    expect(page).to_have_url(re.compile("/registry/demo/models/collections/kept$"))


def test_the_list_of_runs_is_narrowed_without_scripts(without_scripts: Page) -> None:
    without_scripts.goto("/demo/digits/runs")
    without_scripts.get_by_label("Every state").select_option("failed")
    without_scripts.get_by_role("button", name="Apply").click()
    expect(without_scripts.locator("main tbody tr")).to_have_count(2)


def test_hostile_texts_stay_texts(page: Page, post_to_rest: Any) -> None:
    values = {f"key {number} {one}": one for number, one in enumerate(HOSTILE)}
    names = [one[:100] for one in HOSTILE]
    post_to_rest(
        f"{PLAYGROUND}/runs", name="hostile", display_name=HOSTILE[0], config={"inner": values}, tags=names,
        group=names[2], notes=" ".join(HOSTILE),
    )  # fmt: skip
    rows = [{"_step": step, **dict.fromkeys(HOSTILE, step)} for step in range(3)]
    post_to_rest(f"{PLAYGROUND}/runs/hostile/history", offset=0, rows=rows)
    post_to_rest(f"{PLAYGROUND}/collections", name="hostile", type="model", description=" ".join(HOSTILE))
    aliases = [one for one in names if not set(one) & set("/:")]
    post_to_rest(
        f"{PLAYGROUND}/collections/hostile/versions", digest="d", metadata=values, aliases=aliases,
        description=HOSTILE[3], run="hostile",
    )  # fmt: skip
    version = "/demo/playground/artifacts/model/hostile"
    for address in (
        "/demo/playground",
        "/demo/playground/runs",
        "/demo/playground/runs/hostile",
        version,
        f"{version}/v0",
    ):
        page.goto(address)
        page.mouse.wheel(0, 20_000)
        page.wait_for_load_state("networkidle")
        assert overflow(page) == [], address
    assert_open_to_all(page)
    expect(page.locator(".tree")).to_contain_text(["<script>alert(1)</script>"])


def test_a_run_and_a_version_fit_a_phone(phone: Page) -> None:
    for address in ("/demo/digits", "/demo/digits/runs", "/demo/digits/artifacts/model/digits-net/v3"):
        phone.goto(address)
        phone.wait_for_load_state("networkidle")
        assert overflow(phone) == [], address
