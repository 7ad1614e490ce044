"""A page of a real browser that keeps what went wrong on it: errors, failed requests, breaches of the policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# Serious ones only: axe also has opinions.
_IMPACTS = {"serious", "critical"}


class Watched:
    """What a browser complained of. `expected` are parts of complaints that a test provokes itself."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def verify(self) -> None:
        left = [one for one in self.complaints if not any(part in one for part in self.expected)]
        assert left == [], "\n".join(left)

    def _console(self, message: ConsoleMessage) -> None:
        # The policy's reports are errors of the console too.
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type} at {self.page.url}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left, and a look that is overtaken by the next, end their requests.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


@contextmanager
def watched_page(context: BrowserContext) -> Iterator[Watched]:
    """Give a page; when the test is over, it fails for what the browser complained of."""
    page = context.new_page()
    watched = Watched(page)
    yield watched
    watched.verify()
    page.close()


def new_context(browser: Browser, url: str, **options: Any) -> BrowserContext:
    """Give a person's browser. Only this server can be reached from it; whoever tries elsewhere fails the test."""
    settings = {"base_url": url, "viewport": DESK, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(30_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    return context


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def barriers(page: Page) -> list[str]:
    """Give what axe finds that keeps people out, in the scheme the page has now."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {json.dumps([node['target'] for node in one['nodes']][:5])}"
        for one in found
        if one["impact"] in _IMPACTS
    ]


_AT_REST = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity)
        .map((one) => one.finished.catch(() => null)));
}"""


def assert_open_to_all(page: Page) -> None:
    """Look for barriers in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # Colours may still be on their way from one scheme to the other: Django's admin lets them fade.
        page.evaluate(_AT_REST)
        found = barriers(page)
        assert found == [], f"{page.url} in {scheme}:\n" + "\n".join(found)
    page.emulate_media(color_scheme="light")


def overflow(page: Page) -> list[str]:
    """Give what is wider than the screen."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""
    )
