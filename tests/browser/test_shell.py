"""The frame of every page, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.watched import Watched, assert_open_to_all, new_context, watched_page


def test_nobody_gets_in_with_a_wrong_password_and_the_page_says_why(site: Site, chrome: Browser) -> None:
    context = new_context(chrome, site.url)
    with watched_page(context) as watched:
        watched.page.goto("/demo")
        watched.page.get_by_label("Username").fill(site.username)
        watched.page.get_by_label("Password").fill("wrong")
        watched.page.get_by_role("button", name="Sign in").click()
        expect(watched.page.get_by_role("alert")).to_contain_text("No one signs in with this user name")
        expect(watched.page.get_by_label("Username")).to_have_value(site.username)
        assert_open_to_all(watched.page)
    context.close()


def test_signing_in_and_out_works_without_scripts(site: Site, chrome: Browser) -> None:
    context = new_context(chrome, site.url, java_script_enabled=False)
    with watched_page(context) as watched:
        page = watched.page
        page.goto("/automations")
        page.get_by_label("Username").fill(site.username)
        page.get_by_label("Password").fill(site.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{site.url}/automations")
        page.get_by_label(re.compile("Signed in as")).click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in to Runbell")).to_be_visible()
    context.close()


def test_the_search_offers_what_it_finds_while_one_types(page: Page) -> None:
    page.goto("/demo")
    page.keyboard.press("/")
    page.keyboard.type("playg")
    page.locator(".offered").get_by_role("link", name="playground").click()
    expect(page).to_have_url(re.compile("/demo/playground$"))


def test_the_search_works_without_scripts(without_scripts: Page) -> None:
    without_scripts.goto("/demo")
    without_scripts.get_by_role("searchbox").fill("playg")
    without_scripts.get_by_role("searchbox").press("Enter")
    expect(without_scripts.get_by_role("main").get_by_role("link", name="playground")).to_be_visible()


def test_keys_lead_to_places_and_tell_of_themselves(page: Page, site: Site) -> None:
    page.goto("/demo")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(f"{site.url}/automations")
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_are_letters_where_one_types(page: Page, site: Site) -> None:
    page.goto("/profile")
    page.get_by_label("First name").fill("")
    page.get_by_label("First name").press_sequentially("gar?")
    expect(page.get_by_label("First name")).to_have_value("gar?")
    expect(page).to_have_url(f"{site.url}/profile")


def test_dark_is_chosen_once_and_kept(page: Page) -> None:
    page.goto("/profile")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.get_by_role("main").get_by_role("button", name="Dark").click()
    page.goto("/demo")
    assert page.evaluate(ground) != "rgb(255, 255, 255)"
    page.goto("/profile")
    page.get_by_role("main").get_by_role("button", name="System").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_what_was_done_is_said_and_fades(page: Page) -> None:
    page.goto("/profile")
    page.get_by_role("button", name="Save").click()
    said = page.locator(".toasts .said")
    expect(said).to_have_text("Saved.")
    expect(said).to_have_count(0, timeout=15_000)


def test_times_are_in_the_zone_a_person_chose(page: Page) -> None:
    page.goto("/authorize")
    assert re.search(r"(CET|CEST|GMT\+[12])", page.locator("time").first.get_attribute("title") or "")
    page.goto("/profile")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    page.goto("/authorize")
    assert re.search(r"(JST|GMT\+9)", page.locator("time").first.get_attribute("title") or "")
    page.goto("/profile")
    page.get_by_label("Time zone").select_option("")
    page.get_by_role("button", name="Save").click()


def test_static_files_are_kept_for_ever_by_their_hash(page: Page) -> None:
    kept = {}
    page.on("response", lambda answer: kept.setdefault(answer.url, answer.headers.get("cache-control", "")))
    page.goto("/demo")
    page.wait_for_load_state("networkidle")
    files = {url: how for url, how in kept.items() if "/static/" in url}
    assert len(files) >= 4
    assert all("immutable" in how for how in files.values()), files


def test_a_part_that_is_refused_says_so(watched: Watched) -> None:
    watched.expected = ["404"]
    watched.page.goto("/demo")
    watched.page.evaluate("document.querySelector('main').innerHTML = '<a hx-get=\"/nowhere/at/all/x\">Load</a>'")
    watched.page.evaluate("htmx.process(document.querySelector('main'))")
    watched.page.get_by_text("Load").click()
    expect(watched.page.locator(".toasts .said.error")).to_contain_text("There is no page at")


@pytest.mark.timeout(120)
def test_a_page_that_is_closed_while_it_saves_is_closed(signed_in: BrowserContext) -> None:
    """Ours is not at stake here, but the whole run is: a close that is never answered waits for ever."""
    for _ in range(20):
        page = signed_in.new_page()
        page.goto("/profile")
        page.get_by_role("button", name="Save").click()
        page.close()


@pytest.mark.parametrize("address", ["/settings/teams/auditevent/", "/settings/teams/apikey/add/"])
def test_a_phone_shows_the_current_tab_and_the_top_of_the_page(phone: Page, address: str) -> None:
    phone.goto(address)
    # Not 1: the lowest pixel lies under the line of the tabs.
    expect(phone.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.95)
    assert phone.evaluate("scrollY") == 0
