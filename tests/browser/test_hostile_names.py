"""Texts that would do harm are only texts, wherever a name may be chosen: by a script, by Slack, by a receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.browser.conftest import Site, running_site
from tests.browser.hostile import HOSTILE, assert_harmless, assert_shown
from tests.browser.rest import Script
from tests.http_receiver import HttpReceiver
from tests.processes import wait_until
from tests.slack_server import SlackServer

PROJECT = "demo/hostile"
HOME = f"/{PROJECT}"
VERSIONS = f"projects/{PROJECT}/collections/model/versions"
# Aliases are parts of addresses, so these cannot be some.
ALIASES = [text for text in HOSTILE if not set(text) & set("/:")]


class HostileSlack(SlackServer):
    """Every workspace, channel and refusal of it has a hostile name."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {
            f"xoxb-hostile-{number:02}": {"id": f"T{number}", "name": text} for number, text in enumerate(HOSTILE)
        }
        self.channels = [{"id": f"C{number:03}", "name": text} for number, text in enumerate(HOSTILE)]


@pytest.fixture(scope="module")
def slack_there() -> Iterator[HostileSlack]:
    with HostileSlack() as server:
        yield server


@pytest.fixture(scope="module")
def receiver_there() -> Iterator[HTTPServer]:
    """It says all of them in its headers."""
    with HttpReceiver(host="127.0.0.1") as server:
        said = {f"X-Said-{number}": text for number, text in enumerate(HOSTILE) if text.isascii()}
        server.expect_request("/hook").respond_with_data("\n".join(HOSTILE), status=500, headers=said)
        yield server


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, slack_there: HostileSlack, receiver_there: HTTPServer
) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("runbell"), SLACK_API_URL=slack_there.api_url) as found:
        script = Script(found)
        script.post("projects/demo", {"name": "hostile", "description": " ".join(HOSTILE)})
        _name_runs_and_versions(script)
        _name_receivers(script, slack_there, receiver_there)
        yield found


def _name_runs_and_versions(script: Script) -> None:
    for number, text in enumerate(HOSTILE):
        script.post(f"projects/{PROJECT}/runs", {
            "name": f"r{number}", "display_name": text, "group": text, "job_type": text, "tags": [text],
            "notes": text, "config": {text: text},
        })  # fmt: skip
        script.post("api-keys", {"name": text})
    rows = [{"_step": step, **dict.fromkeys(HOSTILE, step)} for step in range(2)]
    script.post(f"projects/{PROJECT}/runs/r0/history", {"offset": 0, "rows": rows})
    script.post(f"projects/{PROJECT}/collections", {"name": "model", "type": "model", "description": " ".join(HOSTILE)})
    metadata = {text: {"list": [text]} for text in HOSTILE}
    sent: dict[str, Any] = {"digest": "d", "metadata": metadata, "aliases": ALIASES, "description": " ".join(HOSTILE)}
    script.post(VERSIONS, {**sent, "run": "r0"})


def _name_receivers(script: Script, slack: HostileSlack, receiver: HTTPServer) -> None:
    """A webhook with hostile headers, and Slack channels, each of which refuses with a hostile word once."""
    headers = {f"X-Mine-{number}": text for number, text in enumerate(HOSTILE[:20]) if "${" not in text}
    script.post(
        "teams/demo/integrations/webhook", {"name": "hook", "url": receiver.url_for("/hook"), "headers": headers}
    )
    for number, token in enumerate(slack.tokens):
        script.post("teams/demo/slack-workspaces", {"token": token})
        channel = {"name": f"c{number}", "workspace": f"T{number}", "channel_id": f"C{number:03}"}
        script.post("teams/demo/integrations/slack", channel)
    _automate(script, "calls", {"type": "send_webhook", "webhook": "hook", "payload": json.dumps({"n": "${run_name}"})})
    script.fail("f0", project=PROJECT)
    for number, text in enumerate(HOSTILE):
        slack.refuse("chat.postMessage", text)
        _automate(script, f"tells {number}", {"type": "notify_slack", "channel": f"c{number}"}, run=f"^{number}$")
        script.fail(f"g{number}", project=PROJECT, display_name=str(number))
        wait_until(lambda told=number + 1: _failed(script) >= told, 30, "Slack's refusal")  # type: ignore[misc]


def _automate(script: Script, name: str, action: dict[str, Any], run: str = "") -> None:
    conditions: list[dict[str, Any]] = [{"type": "run_state", "states": ["failed"]}]
    script.post("automations", {
        "name": name, "scope": {"type": "project", "name": PROJECT}, "event": "RUN_STATE", "action": action,
        "conditions": [*conditions, *([{"type": "run_name", "pattern": run}] if run else [])],
    })  # fmt: skip


def _executions(script: Script, state: str) -> list[dict[str, Any]]:
    answer = script.get(f"executions?state={state}&limit=100")
    found: list[dict[str, Any]] = answer["results"] if isinstance(answer, dict) else answer
    return found


def _failed(script: Script) -> int:
    return len(_executions(script, "failed"))


def test_what_scripts_named_is_shown_as_texts(page: Page) -> None:
    assert_harmless(page, ["/demo", HOME, f"{HOME}/runs", f"{HOME}/runs/r0", "/search?q=%3C", "/authorize"])
    page.goto(f"{HOME}/runs")
    assert_shown(page, HOSTILE)
    page.goto("/authorize")
    assert_shown(page, HOSTILE)
    assert_harmless(page, [f"{HOME}/runs/r{number}" for number in range(0, len(HOSTILE), 3)])


def test_the_panels_of_hostile_metrics_do_nothing(page: Page) -> None:
    page.goto(f"{HOME}/runs/r0")
    expect(page.locator("#panels figure")).to_have_count(24)
    page.locator("#panels figure").last.scroll_into_view_if_needed()
    expect(page.locator("#panels figure")).to_have_count(len(HOSTILE))
    assert_shown(page, HOSTILE)


def test_what_was_logged_as_an_artifact_is_shown_as_texts(page: Page) -> None:
    version = f"{HOME}/artifacts/model/model"
    assert_harmless(page, [f"{HOME}/artifacts", version, f"{version}/v0", f"{version}/v0/link"])
    page.goto(f"{version}/v0")
    assert_shown(page, HOSTILE)
    assert_harmless(page, [f"{version}/{quote(alias, safe='')}" for alias in ALIASES])


def test_what_slack_calls_things_is_shown_as_texts(page: Page) -> None:
    page.goto("/settings/integrations/slackworkspace/?all=")
    assert_shown(page, HOSTILE)
    page.goto("/settings/integrations/slackchannel/?all=")
    assert_shown(page, HOSTILE)
    page.goto("/settings/integrations/slackworkspace/")
    page.get_by_role("link", name="Pick a channel").first.click()
    assert_shown(page, HOSTILE[:2])
    assert_harmless(page, ["/settings/integrations/slackchannel/1/change/", "/demo/integrations/slack/c0/test"])


def test_what_receivers_answer_is_shown_as_texts(page: Page, site: Site) -> None:
    script = Script(site)
    refused = _executions(script, "failed")
    assert len(refused) == len(HOSTILE)
    for one in refused:
        assert_harmless(page, [f"/executions/{one['id']}"])
        assert_shown(page, [one["reason"]])
    assert {text for text in HOSTILE if any(text in one["reason"] for one in refused)} == set(HOSTILE)
    called = next(one for one in _executions(script, "pending") if one["automation"] is not None)
    page.goto(f"/executions/{called['id']}")
    assert_shown(page, HOSTILE)
    assert_harmless(
        page, [f"/executions/{called['id']}", "/demo/integrations", "/settings/integrations/webhook/1/change/"]
    )


def test_the_audit_log_shows_them_as_texts(page: Page) -> None:
    assert_harmless(page, ["/settings/teams/auditevent/", "/settings/teams/auditevent/?about=slack_workspace"])
    page.goto("/settings/teams/auditevent/?about=slack_workspace&all=")
    assert_shown(page, HOSTILE)
