"""Names that would do harm are only names on the pages of automations, whoever chose them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site, running_site
from tests.browser.hostile import HOSTILE, assert_harmless
from tests.browser.rest import PROJECT, Script
from tests.http_receiver import HttpReceiver
from tests.processes import wait_until

HOME = f"/{PROJECT}"
SCOPE = {"type": "project", "name": PROJECT}


@pytest.fixture(scope="module")
def receiver_of_all() -> Iterator[HTTPServer]:
    """It answers with every hostile text."""
    with HttpReceiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_data("\n".join(HOSTILE), content_type="text/html; charset=utf-8")
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, receiver_of_all: HTTPServer) -> Iterator[Site]:
    """A project whose automations, runs, metrics and answers bear hostile names, each of which has fired."""
    with running_site(tmp_path_factory.mktemp("runbell")) as found:
        script = Script(found)
        script.post("projects/demo", {"name": "empty"})
        script.post("teams/demo/integrations/webhook", {"name": "hook", "url": receiver_of_all.url_for("/hook")})
        for name in HOSTILE:
            payload = json.dumps({"text": "${run_name} ${metric_name} ${automation_name}"})
            script.post("automations", {
                "name": name, "description": name, "scope": SCOPE, "event": "RUN_METRIC", "cooldown_seconds": 0,
                "conditions": [
                    {"type": "metric_threshold", "metric": name, "aggregation": "latest", "comparison": "gt",
                     "threshold": 1},
                ],
                "action": {"type": "send_webhook", "webhook": "hook", "payload": payload},
            })  # fmt: skip
        for number, name in enumerate(HOSTILE):
            path = script.run(f"r{number}", display_name=name, config={name: name}, tags=[name])
            script.post(f"{path}/history", {"offset": 0, "rows": [{"_step": 0, name: 0.5}, {"_step": 1, name: 2.5}]})
        wait_until(lambda: _delivered(script) >= len(HOSTILE), 90, "everything delivered")
        yield found


def _delivered(script: Script) -> int:
    return sum(one["state"] == "delivered" for one in _executions(script))


def _executions(script: Script) -> list[dict[str, str]]:
    answer = script.get("executions")
    found: list[dict[str, str]] = answer["results"] if isinstance(answer, dict) else answer
    return found


def test_lists_of_hostile_names_do_nothing(page: Page) -> None:
    assert_harmless(page, [f"{HOME}/automations", "/automations", f"{HOME}/history", "/executions?subject=<script>"])
    expect(page.get_by_role("main")).to_be_visible()


def test_each_automation_and_execution_of_a_hostile_name_does_nothing(page: Page, site: Site) -> None:
    rows = _executions(Script(site))
    executions = [f"/executions/{row['id']}" for row in rows[:: max(1, len(rows) // 10)]]
    numbers = range(1, len(HOSTILE) + 1, 3)
    details = [f"/automations/{number}" for number in numbers] + [
        f"/automations/{number}/explain" for number in numbers
    ]
    assert_harmless(page, [*executions, *details, "/automations/1/edit", "/automations/2/delete"])


def test_the_wizard_does_nothing_with_hostile_names(page: Page) -> None:
    for name in HOSTILE[:4]:
        page.goto(f"{HOME}/automations/new?event=RUN_METRIC")
        page.get_by_label("Metric", exact=True).fill(name)
        page.get_by_label("Aggregation").select_option(label="Latest value")
        page.get_by_label("Threshold", exact=True).fill("1")
        expect(page.locator("#backtest")).to_contain_text("fired once", timeout=20_000)
        page.get_by_role("button", name="Next: what it does").click()
        page.get_by_role("radio", name="Webhook").check()
        expect(page.locator("#preview pre")).to_be_visible()
        page.locator("#form").get_by_role("button", name="Send a test").click()
        expect(page.locator("#tested")).to_contain_text("Delivered", timeout=20_000)
        page.locator("#tested summary").first.click()
        expect(page.locator("#tested")).to_contain_text("<script>alert(1)</script>")
