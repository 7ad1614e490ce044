"""The life cycle in the product, clicks counted: from an empty database to a webhook and a colleague's automation.

And the pages of it: no barrier, nothing wider than a phone, and without scripts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.watched import PHONE, assert_open_to_all, new_context, overflow, sign_in, watched_page
from tests.processes import Server, new_environment

PASSWORD = "seven-tall-trees"
PAGES = (
    "/teams/vision/people", "/teams/vision/people#invite", "/teams/vision/people#new-account", "/orgs/acme", "/orgs",
    "/teams/vision/name", "/orgs/acme/registries", "/vision/playground/edit", "/profile",
)  # fmt: skip


class Clicks:
    """Counts what a person presses."""

    def __init__(self) -> None:
        self.count = 0

    def press(self, what: Locator) -> None:
        self.count += 1
        what.click()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Runbell after its first start, where nobody has signed in yet."""
    local = {"RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.0/8", "RUNBELL_REAUTHENTICATION_SECONDS": "86400"}
    folder = tmp_path_factory.mktemp("runbell")
    with new_environment(folder) as environment, Server({**environment, **local}) as found:
        found.wait_until_ready(120)
        yield found


@pytest.fixture
def page(server: Server, chrome: Browser) -> Iterator[Page]:
    """Somebody who is not signed in."""
    context = new_context(chrome, server.url)
    with watched_page(context) as watched:
        yield watched.page
    context.close()


def first_password(server: Server) -> tuple[str, str]:
    lines = (Path(server.environment["RUNBELL_DATA_DIR"]) / "sign-in.txt").read_text().splitlines()
    shown = {name: value for name, _, value in (line.partition(" = ") for line in lines)}
    return shown["user"], shown["password"]


def begin(page: Page, server: Server, clicks: Clicks) -> None:
    """Sign in for the first time, choose a password and the names."""
    user, old = first_password(server)
    page.goto("/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(old)
    clicks.press(page.get_by_role("button", name="Sign in"))
    page.get_by_label("Old password").fill(old)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    clicks.press(page.get_by_role("button", name="Change the password"))
    expect(page.get_by_role("heading", name="Name your Runbell")).to_be_visible()
    assert_open_to_all(page)
    page.get_by_label("Your organization").fill("acme")
    page.get_by_label("Your first team").fill("vision")
    page.get_by_label("Your user name").fill("ada")
    clicks.press(page.get_by_role("button", name="Begin"))
    expect(page).to_have_url(f"{server.url}/vision")


def test_from_the_very_first_sign_in_to_a_webhook_and_to_a_colleagues_automation(
    page: Page, server: Server, chrome: Browser
) -> None:
    begun, to_webhook = Clicks(), Clicks()
    begin(page, server, begun)
    steps = page.get_by_role("region", name="First steps")
    to_webhook.press(steps.get_by_role("link", name="Add an integration"))
    to_webhook.press(page.get_by_role("link", name="Add webhook"))
    page.get_by_label("Name").fill("mine")
    page.get_by_label("URL").fill(f"{server.url}/livez")
    to_webhook.press(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("main").get_by_role("link", name="mine", exact=True).first).to_be_visible()
    assert begun.count + to_webhook.count <= 9

    to_automation = Clicks()
    to_automation.press(page.get_by_role("link", name="People", exact=True))
    to_automation.press(page.get_by_role("button", name="Invite", exact=True))
    shown = page.locator(".notice pre")
    to_automation.press(shown)
    link = page.evaluate("navigator.clipboard.readText()")
    context = new_context(chrome, server.url)
    with watched_page(context) as watched:
        colleague = watched.page
        colleague.goto(link)
        assert_open_to_all(colleague)
        colleague.get_by_label("User name").fill("bob")
        colleague.get_by_label("Password", exact=True).fill(PASSWORD)
        colleague.get_by_label("The same password again").fill(PASSWORD)
        to_automation.press(colleague.get_by_role("button", name="Make an account and join"))
        to_automation.press(colleague.get_by_role("link", name="Make an automation"))
        to_automation.press(colleague.get_by_role("button", name="Next: what it does"))
        to_automation.press(colleague.get_by_role("button", name="Next: name and limits"))
        to_automation.press(colleague.get_by_role("button", name="Create automation"))
        expect(colleague.get_by_text("“A run failed” is made.")).to_be_visible()
    context.close()
    assert begun.count + to_automation.count <= 12


def test_its_pages_are_open_to_all_and_no_wider_than_a_phone(page: Page) -> None:
    sign_in(page, "ada", PASSWORD)
    for address in PAGES:
        page.goto(address)
        assert_open_to_all(page)
        page.set_viewport_size(PHONE)
        assert overflow(page) == [], address
        page.set_viewport_size({"width": 1280, "height": 800})


def test_people_are_managed_without_scripts(server: Server, chrome: Browser) -> None:
    context = new_context(chrome, server.url, java_script_enabled=False)
    with watched_page(context) as watched:
        plain = watched.page
        sign_in(plain, "ada", PASSWORD)
        plain.goto("/teams/vision/people")
        plain.get_by_label("Role of bob", exact=True).select_option("viewer")
        plain.get_by_role("button", name="Change the role of bob").click()
        expect(plain.get_by_label("Role of bob", exact=True)).to_have_value("viewer")
        plain.get_by_role("link", name="New service account").click()
        plain.get_by_label("What uses it").fill("nightly training")
        plain.get_by_role("button", name="Create it").click()
        expect(plain.locator(".notice pre")).to_contain_text("rb")
        plain.get_by_role("link", name="Its keys").click()
        expect(plain.get_by_role("heading", name="nightly training", exact=True)).to_be_visible()
        plain.goto("/teams/vision/people/bob/remove")
        plain.get_by_role("button", name="Remove from the team").click()
        expect(plain.get_by_label("Role of bob", exact=True)).to_have_count(0)
    context.close()
