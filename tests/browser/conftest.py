"""A real browser before a real server and worker, on a data folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium
from tests.browser.watched import PHONE, Watched, new_context, sign_in, watched_page
from tests.processes import Server, new_environment
from tests.slack_server import SlackServer

# Generous: many share the machine that tests run on. A test that passes does not wait.
expect.set_options(timeout=20_000)
# Playwright's event loop runs in this thread; Django would refuse to touch its database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if chromium.path() is None:
                item.add_marker(pytest.mark.skip(reason="LEFT OUT: no Chromium here (apt-get install chromium)"))


@pytest.fixture(scope="module")
def slack_there() -> Iterator[SlackServer]:
    """A Slack on this machine, for the stories of one file."""
    with SlackServer() as server:
        yield server


@dataclass(frozen=True)
class Site:
    """A running Runbell, and how its first person signs in."""

    server: Server
    username: str
    password: str
    api_key: str

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One Runbell for the tests of a file, as it is after its first start. Webhooks may reach this machine."""
    with running_site(tmp_path_factory.mktemp("runbell"), RUNBELL_SAMPLE="true") as found:
        yield found


@contextmanager
def running_site(folder: Path, **settings: str) -> Iterator[Site]:
    # Nobody is asked again who they are, however slow the machine is.
    local = {"RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.0/8", "RUNBELL_REAUTHENTICATION_SECONDS": "86400", **settings}
    with new_environment(folder) as environment, Server({**environment, **local}) as server:
        server.wait_until_ready(120)
        yield _site(server)


def _site(server: Server) -> Site:
    file = Path(server.environment["RUNBELL_DATA_DIR"]) / "sign-in.txt"
    lines = (line.partition(" = ") for line in file.read_text().splitlines() if not line.startswith("#"))
    shown = {name: value for name, _, value in lines}
    return Site(server, shown["user"], new_password(server.url, shown), shown["api_key"])


def new_password(url: str, shown: dict[str, str]) -> str:
    """Sign in for the first time, which asks for a new password; give that."""
    new = f"{shown['password']}-anew"
    forms = {
        "/sign-in": {"username": shown["user"], "password": shown["password"]},
        "/profile/password": {"old_password": shown["password"], "new_password1": new, "new_password2": new},
    }
    with requests.Session() as browser:
        for path, form in forms.items():
            browser.get(f"{url}{path}", timeout=60)
            token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            answer = browser.post(f"{url}{path}", {**form, **token}, timeout=60, allow_redirects=False)
            assert answer.status_code == 302, answer.text
    return new


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def signed_in(site: Site, chrome: Browser) -> Iterator[BrowserContext]:
    context = new_context(chrome, site.url)
    page = context.new_page()
    sign_in(page, site.username, site.password)
    page.close()
    yield context
    context.close()


@pytest.fixture
def watched(signed_in: BrowserContext) -> Iterator[Watched]:
    with watched_page(signed_in) as found:
        yield found


@pytest.fixture
def page(watched: Watched) -> Page:
    """A page of somebody who is signed in. What the browser complains of fails the test."""
    return watched.page


@pytest.fixture
def phone(phone_watched: Watched) -> Page:
    """The same person before a phone."""
    return phone_watched.page


@pytest.fixture
def phone_watched(site: Site, chrome: Browser, signed_in: BrowserContext) -> Iterator[Watched]:
    context = new_context(
        chrome, site.url, viewport=PHONE, has_touch=True, is_mobile=True, storage_state=signed_in.storage_state()
    )
    with watched_page(context) as found:
        yield found
    context.close()


@pytest.fixture
def without_scripts(site: Site, chrome: Browser, signed_in: BrowserContext) -> Iterator[Page]:
    """The same person in a browser that runs no scripts."""
    context = new_context(chrome, site.url, java_script_enabled=False, storage_state=signed_in.storage_state())
    with watched_page(context) as found:
        yield found.page
    context.close()
