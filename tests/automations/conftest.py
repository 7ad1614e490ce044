"""What tests of automations may use."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from tests.automations.places import Places, make_places
from tests.world import World


@pytest.fixture
def places(world: World, receiver: HTTPServer) -> Places:
    """One of every place to listen in, and the webhook `hook` of acme that leads to `receiver`."""
    world.webhook(receiver.url_for("/hook"))
    return make_places(world)
