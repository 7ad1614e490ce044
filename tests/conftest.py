"""What every test may use."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache, caches
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from common.rate_limits.token_bucket import BucketRate
from teams.settings_site.team_settings_admin_site import team_settings
from tests.architecture.source_tree import APPS
from tests.http_receiver import HttpReceiver
from tests.slack_server import SlackServer
from tests.world import World, make_world

# Each test that asks for a fixture that is not there; `tests/test_fixtures.py` fails for it.
LOST_FIXTURES = pytest.StashKey[set[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Look for lost fixtures in all that is collected, before anything is left out of this run."""
    lost = config.stash.setdefault(LOST_FIXTURES, set())
    # The parameters of one function ask for the same fixtures.
    seen: set[int] = set()
    for item in items:
        if isinstance(item, pytest.Function) and id(item._fixtureinfo) not in seen:
            seen.add(id(item._fixtureinfo))
            asked, there = item._fixtureinfo.names_closure, item._fixtureinfo.name2fixturedefs
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            path = item.nodeid.partition("[")[0]
            lost |= {f"{path} asks for {name}" for name in {*asked} - {*there} - {*parameters} - {"request"}}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Garbage collection goes through what the tests make alone: all that was collected here stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Let no test leave a thread of ours behind: it would write into the database of the tests after it."""
    yield
    for thread in threading.enumerate():
        target = getattr(thread, "_target", None)
        if target is not None and (target.__module__ or "").partition(".")[0] in APPS:
            thread.join(timeout=10)
            assert not thread.is_alive(), f"the test is over, and its thread {thread.name} goes on"


@pytest.fixture(autouse=True, scope="session")
def cache_of_its_own() -> None:
    """Tests that run beside each other share a Redis, but not what stands in it."""
    mine = f"test-{os.getpid()}"
    # The settings for the threads to come; this thread has its cache already.
    caches.settings["default"]["KEY_PREFIX"] = mine
    caches["default"].key_prefix = mine
    assert cache.make_key("refused").startswith(mine)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Have the content types of what the settings' pages alone know in the database from the start.

    Else the first test to see such a page makes one, which is taken back with the test and goes on in the cache.
    """
    with django_db_blocker.unblock():
        for model in team_settings._registry:
            ContentType.objects.get_for_model(model, for_concrete_model=False)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def sent_tests_are_not_counted(settings: object) -> None:
    """The people of one test have the numbers of another's: their buckets are one."""
    for name in ("PERSON", "TEAM"):
        setattr(settings, f"RATE_LIMIT_TESTS_{name}", BucketRate(0, 0))


@pytest.fixture(autouse=True)
def static_files_on_demand(settings: object) -> None:
    """Not all of them read for each test client: that took nine tenths of a request's time."""
    settings.WHITENOISE_AUTOREFRESH = True  # type: ignore[attr-defined]


@pytest.fixture
def world(db: None) -> World:
    """Alice is admin of acme, bob its member, vera its viewer; charlie is a stranger with a team of his own."""
    return make_world()


@pytest.fixture
def api(world: World) -> APIClient:
    """REST as alice."""
    return as_person(world.keys["alice"])


def forget_refusals() -> None:
    """Let nobody have been refused yet: strangers are told of only so often."""
    # Not clear(): with Redis that would empty the cache of the tests beside.
    cache.delete("refused:127.0.0.1")


def as_person(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """A real server on loopback that answers 200 to everything, and remembers."""
    with HttpReceiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_json({"ok": True})
        yield server


@pytest.fixture
def slack(settings: Any) -> Iterator[SlackServer]:
    """A Slack on loopback, over real HTTP."""
    with SlackServer() as server:
        settings.SLACK_API_URL = server.api_url
        yield server
