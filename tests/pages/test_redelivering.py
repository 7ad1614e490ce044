"""An execution delivered again from its page."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer

from automations.models import Execution
from automations.tasks import work
from integrations.webhook.models import Webhook
from projects.runs.lifecycle import finish_run
from tests.pages.people import browser, text
from tests.world import FAILED, World


@pytest.fixture
def page(world: World, receiver: HTTPServer) -> str:
    world.webhook(receiver.url_for("/hook"))
    world.automation(FAILED)
    finish_run(world.run(), 1)
    work()
    return Execution.objects.get().get_absolute_url()


def test_a_member_delivers_it_again(bob: Client, page: str, receiver: HTTPServer) -> None:
    assert f'action="{page}/redeliver"' in text(bob.get(page))
    shown = text(bob.post(f"{page}/redeliver", follow=True))
    assert "It is on its way again, with the same id and body." in shown
    assert f'action="{page}/redeliver"' not in shown
    work()
    assert len({request.headers["webhook-id"] for request, _answer in receiver.log}) == 1
    assert (len(receiver.log), Execution.objects.get().state) == (2, "delivered")


def test_why_it_cannot_be_is_said(bob: Client, page: str) -> None:
    Webhook.objects.update(enabled=False, disabled_reason="It was gone.")
    assert "hook is disabled. It was gone. Enable it first." in text(bob.post(f"{page}/redeliver", follow=True))
    assert Execution.objects.get().state == "delivered"


def test_a_viewer_and_a_stranger_do_not(world: World, page: str) -> None:
    assert f'action="{page}/redeliver"' not in text(browser(world, "vera").get(page))
    statuses = [browser(world, name).post(f"{page}/redeliver").status_code for name in ("vera", "charlie")]
    assert (statuses, Execution.objects.get().state) == ([403, 404], "delivered")
    assert browser(world, "bob").get(f"{page}/redeliver").status_code == 405
