"""People before their browsers."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.pages.people import browser
from tests.world import World


@pytest.fixture
def alice(world: World) -> Client:
    """The admin of acme."""
    return browser(world, "alice")


@pytest.fixture
def bob(world: World) -> Client:
    """A member of acme."""
    return browser(world, "bob")


@pytest.fixture
def vera(world: World) -> Client:
    """A viewer of acme."""
    return browser(world, "vera")


@pytest.fixture
def charlie(world: World) -> Client:
    """A stranger, with a team of his own."""
    return browser(world, "charlie")
