"""Single sign-on in a browser, against a real OpenID Connect provider: a team comes with a group and goes with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, running_site
from tests.browser.watched import assert_open_to_all, new_context, overflow, watched_page
from tests.oidc_provider import OidcProvider


@dataclass(frozen=True)
class SignOnSite:
    site: Site
    okta: OidcProvider


@pytest.fixture(scope="module")
def sign_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignOnSite]:
    """A Runbell with a provider whose group `ml` gives the team of the first start."""
    folder = tmp_path_factory.mktemp("runbell")
    with OidcProvider().running() as okta:
        groups = {"ml": {"teams": {"demo": "member"}}}
        (folder / "oidc.json").write_text(json.dumps([okta.settings(groups=groups)]))
        settings = {"RUNBELL_SAMPLE": "true", "RUNBELL_OIDC_PROVIDERS_FILE": str(folder / "oidc.json")}
        with running_site(Path(folder), **settings) as site:
            yield SignOnSite(site, okta)


@pytest.fixture
def page(sign_on: SignOnSite, chrome: Browser) -> Iterator[Page]:
    """Of somebody who is not signed in."""
    context = new_context(chrome, sign_on.site.url)
    with watched_page(context) as watched:
        # The provider's pages link a style sheet on the internet, which no test reaches, and have no icon.
        watched.expected += ["net::ERR_NAME_NOT_RESOLVED", "cdn.", "favicon.ico", "/oauth2/authorize"]
        yield watched.page
    context.close()


def sign_in(page: Page, subject: str) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with Okta").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_a_team_comes_with_a_group_and_goes_with_it(sign_on: SignOnSite, page: Page) -> None:
    sign_on.okta.person("sub-anna", preferred_username="anna", groups=["ml"])
    page.goto("/sign-in")
    assert_open_to_all(page)
    assert overflow(page) == []
    sign_in(page, "sub-anna")
    page.wait_for_url(lambda url: url.startswith(sign_on.site.url) and "/sign-in" not in url)
    page.goto("/profile")
    expect(page.get_by_role("row", name="demo")).to_contain_text("Member")

    page.get_by_label("Signed in as anna").click()
    page.get_by_role("button", name="Sign out").click()
    sign_on.okta.person("sub-anna", preferred_username="anna", groups=[])
    sign_in(page, "sub-anna")
    page.wait_for_url(lambda url: url.startswith(sign_on.site.url) and "/sign-in" not in url)
    page.goto("/profile")
    expect(page.get_by_role("heading", name="anna")).to_be_visible()
    expect(page.get_by_role("row", name="demo")).to_have_count(0)


def test_who_says_no_is_back_at_the_sign_in_with_plain_words(sign_on: SignOnSite, page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with Okta").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_have_text("You were not signed in: it was cancelled.")
