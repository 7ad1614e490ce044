"""A failed run's page before a person: its traceback first, its log live and searched, its charts in sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.rest import Script
from tests.browser.watched import assert_open_to_all, overflow

PROJECT = "demo/playground"
TRACEBACK = ["Traceback (most recent call last):", '  File "a.py", line 1, in <module>', "ValueError: no such dataset"]
HOSTILE = ["<script>alert(1)</script>", "x" * 10_000, "\u202eevil \x07", "\x1b[31;1mred\x1b[0m \x1b[42mon green"]


@pytest.fixture
def script(site: Site) -> Script:
    return Script(site)


def printed(site: Site, run: str, offset: int, lines: Sequence[str], **said: Any) -> None:
    """Post lines as the wandb SDK does."""
    body = {"files": {"output.log": {"offset": offset, "content": list(lines)}}, **said}
    address = f"{site.url}/files/{PROJECT}/{run}/file_stream"
    assert requests.post(address, json=body, auth=("api", site.api_key), timeout=30).ok


def test_an_alert_is_answered_at_the_head_of_the_page(site: Site, page: Page, phone: Page, script: Script) -> None:
    script.run("fallen", project=PROJECT, losses=(2.0, 1.0))
    printed(site, "fallen", 0, [*HOSTILE, *TRACEBACK], exitcode=1, complete=True)
    page.goto(f"/{PROJECT}/runs/fallen")
    expect(page.locator(".ending-cause")).to_have_text("ValueError: no such dataset")
    expect(page.get_by_role("region", name="Traceback")).to_contain_text('File "a.py", line 1')
    assert_open_to_all(page)
    page.get_by_role("link", name="The traceback in the log").click()
    expect(page.locator("#L5")).to_be_in_viewport()
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".log")).to_contain_text("8000 more characters")
    assert_open_to_all(page)
    assert overflow(page) == []
    phone.goto(f"/{PROJECT}/runs/fallen/log")
    assert overflow(phone) == []


def test_a_log_grows_by_itself_and_stays_at_its_end(site: Site, page: Page, script: Script) -> None:
    script.run("talking", project=PROJECT)
    printed(site, "talking", 0, [f"step {n}" for n in range(200)])
    page.goto(f"/{PROJECT}/runs/talking/log")
    expect(page.locator("#L200")).to_be_in_viewport()
    printed(site, "talking", 199, ["  5%|", *(f"more {n}" for n in range(20))])
    expect(page.locator("#L220")).to_be_in_viewport()
    expect(page.locator("#L200")).to_contain_text("5%|")
    assert page.locator(".log-line[id]").count() == 220
    printed(site, "talking", 220, ["bye"], exitcode=0, complete=True)
    expect(page.locator(".log")).to_contain_text("The run is over.")


def test_without_scripts_the_log_is_read_and_searched(site: Site, without_scripts: Page, script: Script) -> None:
    script.run("quiet", project=PROJECT)
    printed(site, "quiet", 0, [f"step {n}" for n in range(1200)], exitcode=0, complete=True)
    without_scripts.goto(f"/{PROJECT}/runs/quiet")
    without_scripts.get_by_role("link", name="The whole log").click()
    without_scripts.get_by_role("link", name="Earlier").click()
    expect(without_scripts.locator("#L201")).to_be_visible()
    without_scripts.get_by_label("Search the log").fill("step 17")
    without_scripts.get_by_role("button", name="Search", exact=True).click()
    expect(without_scripts.locator("mark")).to_have_count(11)


def test_charts_are_smoothed_pinned_and_drawn_by_another_metric(page: Page, script: Script) -> None:
    path = script.run("charted", project=PROJECT)
    names = ["train/loss", "train/acc", "val/loss", "lr"]
    rows = [{"_step": step, "_timestamp": 1.7e9, **dict.fromkeys(names, step + 1)} for step in range(4)]
    script.post(f"{path}/history", {"offset": 0, "rows": rows})
    page.goto(f"/{PROJECT}/runs/charted")
    expect(page.locator("#panels h3")).to_have_text([re.compile("Without"), re.compile("train/"), re.compile("val/")])
    expect(page.locator("figure[data-metric=lr] canvas")).to_be_visible()
    page.locator("[data-chart-smoothing]").fill("0.5")
    page.get_by_role("button", name="Log scale").click()
    page.locator("[data-chart-x]").select_option("lr")
    page.locator("figure[data-metric='val/loss'] .u-over").hover()
    expect(page.locator("figure[data-metric='val/loss'] [data-chart-value]")).to_contain_text("· lr ")
    page.locator("figure[data-metric='val/loss']").hover()
    page.get_by_role("button", name="Pin val/loss").click()
    expect(page.locator("#panels h3").first).to_contain_text("Pinned")
    page.reload()
    expect(page.locator("#panels figure").first).to_have_attribute("data-metric", "val/loss")
    assert_open_to_all(page)
    page.get_by_role("button", name="Pin val/loss").click()
    expect(page.locator("#panels h3").first).to_contain_text("Without")
    page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Log scale").click()
