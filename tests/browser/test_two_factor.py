"""Two-factor sign-in in a real browser: an authenticator app, and a passkey of Chromium's virtual authenticator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, running_site
from tests.browser.watched import assert_open_to_all, new_context, sign_in, watched_page
from tests.teams.second_factors import App


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("runbell"), RUNBELL_SAMPLE="false") as found:
        yield found


@pytest.fixture
def page(site: Site, chrome: Browser) -> Iterator[Page]:
    """A browser of its own with a security key in it. By name: browsers have no keys for an address."""
    context = new_context(chrome, site.url.replace("127.0.0.1", "localhost"))
    with watched_page(context) as watched:
        devices = context.new_cdp_session(watched.page)
        devices.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        verified = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **verified}})
        # A wrong code, and a page that asks again, are refused by their status.
        watched.expected += ["422"]
        yield watched.page
    context.close()


def with_password(page: Page, site: Site) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill(site.username)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_an_app_is_set_up_and_asked_for_and_a_recovery_code_stands_in(page: Page, site: Site) -> None:
    sign_in(page, site.username, site.password)
    page.goto("/profile")
    page.get_by_role("link", name="Two-factor sign-in").first.click()
    page.get_by_role("link", name="Set up an app").click()
    expect(page.locator(".qr-code svg")).to_be_visible()
    assert_open_to_all(page)
    app = App(page.locator("pre.code").inner_text())
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("This is not the code of now.")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(app.code())
    page.get_by_role("button", name="Set up").click()
    codes = page.locator("pre.code").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert all(code in download.value.path().read_text() for code in codes)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 codes are left.")).to_be_visible()
    assert_open_to_all(page)

    sign_out(page)
    with_password(page, site)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert_open_to_all(page)
    page.get_by_label("Code", exact=True).fill(app.code(1))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    sign_out(page)
    with_password(page, site)
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/profile/two-factor/off")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_role("link", name="Set up an app")).to_be_visible()


def test_a_passkey_is_added_asked_for_and_signs_in_by_itself(page: Page, site: Site) -> None:
    sign_in(page, site.username, site.password)
    page.goto("/profile/two-factor/keys")
    page.get_by_label("Name").fill("laptop")
    assert_open_to_all(page)
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("td.main", has_text="laptop")).to_be_visible()

    sign_out(page)
    with_password(page, site)
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    sign_out(page)
    page.goto("/sign-in")
    assert_open_to_all(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/profile/two-factor")
    page.get_by_role("link", name="Remove laptop").click()
    page.get_by_role("button", name="Remove the key").click()
    expect(page.get_by_role("link", name="Set up an app")).to_be_visible()
