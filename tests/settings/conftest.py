"""Browsers of the four people, and something of acme's to see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from tests.settings.pages import CANARY
from tests.world import World

Browser = Callable[[str], Client]


@pytest.fixture
def browser(world: World) -> Browser:
    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(world.users[name])
        return client

    return signed_in


@pytest.fixture
def alice(browser: Browser) -> Client:
    return browser("alice")


@pytest.fixture
def token(world: World) -> Secret:
    """A secret of acme that its webhook uses."""
    world.secret("TOKEN", CANARY)
    return Secret.objects.get(name="TOKEN")


@pytest.fixture
def hook(world: World, token: Secret) -> Webhook:
    return world.webhook("http://127.0.0.1:8099/hook", access_token=token.name)
