"""Two browsers of one person: where they are signed in, signing out everywhere, and being asked who one is."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.watched import assert_open_to_all, new_context, sign_in, watched_page
from tests.processes import manage

_LEAVE_OPEN = """
from teams.models import UserSession
from teams.sessions.hashed_sessions import SessionStore
store = SessionStore()
for row in UserSession.objects.exclude(user=None):
    data = {**store.decode(row.session_data), "identity_confirmed_at": 0}
    UserSession.objects.filter(pk=row.pk).update(session_data=store.encode(data))
"""


def leave_open(site: Site) -> None:
    """Let every browser have been left open for a while."""
    manage(site.server.environment, "shell", "-c", _LEAVE_OPEN)


def test_signing_out_everywhere_ends_the_other_browser(page: Page, site: Site, chrome: Browser) -> None:
    other = new_context(chrome, site.url)
    with watched_page(other) as there:
        sign_in(there.page, site.username, site.password)
        page.goto("/profile/sessions")
        # The heading, this one, the other one, and the program that changed the first password.
        expect(page.get_by_role("row")).to_have_count(4)
        expect(page.get_by_text("this one")).to_have_count(1)
        assert_open_to_all(page)
        page.get_by_role("button", name="Everywhere but here").click()
        expect(page.get_by_text("2 other sessions are ended.")).to_be_visible()
        expect(page.get_by_role("row")).to_have_count(2)
        there.page.goto("/profile")
        there.page.wait_for_url("**/sign-in?next=/profile")
    other.close()


def test_an_open_browser_asks_who_it_is_and_leads_back(page: Page, site: Site) -> None:
    leave_open(site)
    page.goto("/authorize")
    page.get_by_role("link", name="Delete").first.click()
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    assert_open_to_all(page)
    page.get_by_label("Password of").fill(site.password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Delete the key")).to_be_visible()
