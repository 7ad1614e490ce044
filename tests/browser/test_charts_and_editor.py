"""Charts and the payload editor, on a page that is put together for the test out of the real parts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.watched import assert_open_to_all

NAN_AT = 5


@pytest.fixture(scope="module")
def run(site: Site) -> str:
    """A run whose loss was lost in the middle. Gives its address."""
    api, key = f"{site.url}/api/v1/projects/demo/playground/runs", {"Authorization": f"Bearer {site.api_key}"}
    assert requests.post(api, json={"name": "drawn"}, headers=key, timeout=10).ok
    rows: list[dict[str, Any]] = [
        {"_step": step, "_timestamp": 1.7e9 + step, "loss": 2 / (step + 1), "acc": step / 20} for step in range(20)
    ]
    rows[NAN_AT]["loss"] = float("nan")
    body = json.dumps({"offset": 0, "rows": rows})
    sent = requests.post(f"{api}/drawn/history", body, headers={**key, "Content-Type": "application/json"}, timeout=10)
    assert sent.ok, sent.text
    return "/demo/playground/runs/drawn"


def panel(page: Page, metric: str) -> Any:
    return page.locator(f"figure[data-metric='{metric}']")


def test_a_metric_is_drawn_and_says_what_the_pointer_is_at(page: Page, run: str) -> None:
    page.goto(run)
    loss = panel(page, "loss")
    expect(loss.locator("canvas")).to_have_attribute("aria-label", re.compile(r"^loss\. From 2 at step 0 to 0\.1"))
    expect(loss.locator("svg:not(.icon)")).to_have_count(0)
    over = loss.locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    over.hover(position={"x": box["width"] - 1, "y": 20})
    expect(loss.locator("[data-chart-value]")).to_have_text("0.1 · step 19")
    assert_open_to_all(page)


def test_a_value_that_is_nan_is_named_where_it_was(page: Page, run: str) -> None:
    page.goto(run)
    over = panel(page, "loss").locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    over.hover(position={"x": box["width"] * NAN_AT / 19, "y": 20})
    expect(panel(page, "loss").locator("[data-chart-value]")).to_have_text(f"NaN · step {NAN_AT}")


def test_the_axis_is_chosen_for_all_charts_and_kept(page: Page, run: str) -> None:
    page.goto(run)
    expect(panel(page, "loss").locator("canvas")).to_be_visible()
    page.get_by_role("button", name="Time").click()
    page.reload()
    expect(page.get_by_role("button", name="Time")).to_have_attribute("aria-pressed", "true")
    panel(page, "acc").locator(".u-over").hover()
    expect(panel(page, "acc").locator("[data-chart-value]")).to_contain_text("2023")
    page.get_by_role("button", name="Step").click()


def test_a_bell_stands_where_it_fired_and_leads_to_the_execution(page: Page, run: str) -> None:
    annotations = {
        "loss": {
            "thresholds": [{"value": 1.0, "side": "above"}],
            "fires": [
                {"step": 10, "label": "Alarm", "url": "/profile", "windows": [{"from": 5, "to": 10, "value": 0.3}]}
            ],
        }
    }
    page.route("**/annotations", lambda route: route.fulfill(json={"metrics": annotations}))
    page.goto(run)
    page.evaluate(
        """() => {
          const chart = document.querySelector("figure[data-metric=loss]").cloneNode(true);
          chart.removeAttribute("data-drawn");
          chart.dataset.annotations = "/annotations";
          document.querySelector("main").replaceChildren(chart);
          htmx.process(chart); dispatchEvent(new Event("x"));
          htmx.trigger(chart, "htmx:load");
        }"""
    )
    bell = page.get_by_role("link", name="Alarm")
    expect(bell).to_be_visible()
    bell.hover()
    expect(page.locator(".window")).to_have_count(1)
    bell.click()
    expect(page).to_have_url(re.compile("/profile$"))


def test_without_scripts_the_server_has_drawn_it(without_scripts: Page, run: str) -> None:
    without_scripts.goto(run)
    expect(panel(without_scripts, "loss").locator("svg path.line")).to_be_visible()


@pytest.fixture
def editor(page: Page) -> Page:
    page.goto("/profile")
    page.evaluate(
        """() => {
          const main = document.querySelector("main");
          main.innerHTML = `<h1>Editor</h1><form><label for="payload">Payload</label>
            <textarea id="payload" data-editor="json" data-variables='["run_name", "metric_value"]'>{"a": 1}</textarea>
            <button type="button" data-insert="\\${run_name}" data-into="payload">Put in</button></form>`;
          htmx.trigger(main, "htmx:load");
        }"""
    )
    expect(page.locator(".cm-content")).to_be_visible()
    return page


def rewrite(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_the_editor_writes_into_the_textarea_that_is_sent(editor: Page) -> None:
    rewrite(editor, '{"b": 2}')
    assert editor.locator("textarea").input_value() == '{"b": 2}'
    assert_open_to_all(editor)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"run": "${run_name}", "value": ${metric_value}}', None),
        ('{"run": "${run_nmae}"}', "There is no variable ${run_nmae}."),
        ('{"run": }', "Unexpected token"),
    ],
    ids=["variables", "an unknown variable", "no JSON"],
)
def test_the_editor_checks_json_with_variables(editor: Page, text: str, said: str | None) -> None:
    rewrite(editor, text)
    if said is None:
        editor.wait_for_timeout(700)
        expect(editor.locator(".cm-lintRange")).to_have_count(0)
        expect(editor.locator(".cm-variable")).to_have_count(2)
        return
    editor.locator(".cm-lint-marker").hover()
    expect(editor.locator(".cm-tooltip-lint")).to_contain_text(said)


def test_a_click_puts_a_variable_where_one_writes(editor: Page) -> None:
    rewrite(editor, "")
    editor.get_by_role("button", name="Put in").click()
    assert editor.locator("textarea").input_value() == "${run_name}"


def test_variables_are_offered_after_a_dollar(editor: Page) -> None:
    rewrite(editor, "")
    editor.keyboard.type('{"a": $', delay=30)
    editor.locator(".cm-tooltip-autocomplete").get_by_text("${metric_value}").click()
    assert "${metric_value}" in editor.locator("textarea").input_value()
