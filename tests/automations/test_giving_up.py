"""A webhook that is gone, or fails for days without a success, is disabled and its team told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient
from werkzeug import Response

from automations.models import Execution
from automations.tasks import work
from integrations import services
from integrations.webhook.kind import WebhookKind
from integrations.webhook.models import Webhook
from projects.runs.lifecycle import finish_run
from teams.models import Notice
from teams.notices import team_notices
from tests.world import FAILED, World, put_settings

HOOK = "/api/v1/teams/acme/integrations/webhook/hook"


@pytest.fixture(autouse=True)
def listening(world: World, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"), retry_seconds=[0, 3600])
    world.automation(FAILED, cooldown_seconds=0)


def answered(world: World, receiver: HTTPServer, status: int) -> None:
    receiver.clear_all_handlers()
    receiver.expect_request("/hook").respond_with_handler(lambda _: Response("", status))
    finish_run(world.run(f"run{Execution.objects.count()}"), 1)
    work()


def failing_for(length: timedelta) -> datetime:
    """Make it so that nothing has worked for this long. By the row: PostgreSQL's clock cannot be moved."""
    Webhook.objects.update(failing_since=now() - length)
    return failing_since()


def failing_since() -> datetime:
    found = Webhook.objects.get().failing_since
    assert found is not None
    return found


def notice_texts(world: World) -> list[str]:
    return [one.text for one in team_notices.open_notices([world.team])]


def test_one_that_is_gone_is_disabled_at_once_with_a_notice(world: World, receiver: HTTPServer) -> None:
    answered(world, receiver, 410)
    hook = Webhook.objects.get()
    reason = "The receiver answered 410. It is gone for good, so the webhook was disabled."
    assert (hook.enabled, hook.disabled_reason) == (False, reason)
    assert notice_texts(world) == [f"The webhook hook is disabled. {reason}"]
    assert Notice.objects.get().url == f"/settings/integrations/webhook/{hook.pk}/change/"


def test_five_days_of_failures_disable_it_with_a_notice(world: World, receiver: HTTPServer) -> None:
    answered(world, receiver, 500)
    assert now() - failing_since() < timedelta(minutes=1)

    failing_for(timedelta(days=5) - timedelta(minutes=1))
    answered(world, receiver, 500)
    assert (Webhook.objects.get().enabled, notice_texts(world)) == (True, [])

    since = failing_for(timedelta(days=5))
    answered(world, receiver, 500)
    reason = f"Every delivery has failed since {since:%Y-%m-%d %H:%M} UTC, so the webhook was disabled."
    assert Webhook.objects.values_list("enabled", "disabled_reason").get() == (False, reason)
    assert notice_texts(world) == [f"The webhook hook is disabled. {reason}"]


def test_one_success_in_five_days_is_enough(world: World, receiver: HTTPServer) -> None:
    failing_for(timedelta(days=4))
    answered(world, receiver, 200)
    assert Webhook.objects.get().failing_since is None
    answered(world, receiver, 500)
    assert now() - failing_since() < timedelta(minutes=1)


def test_what_was_never_sent_says_nothing_of_the_receiver(world: World, receiver: HTTPServer) -> None:
    world.secret("TOKEN", "t")
    put_settings(Webhook.objects.all(), access_token="TOKEN")
    world.team.secrets.all().delete()
    answered(world, receiver, 500)
    assert Execution.objects.get().state == "failed"
    assert (receiver.log, Webhook.objects.get().failing_since) == ([], None)


def test_what_is_for_a_disabled_one_fails_with_its_reason_and_can_go_again(
    api: APIClient, world: World, receiver: HTTPServer
) -> None:
    answered(world, receiver, 410)
    receiver.clear_log()
    answered(world, receiver, 200)
    last = Execution.objects.order_by("-id")[0]
    assert (last.state, last.reason.startswith("The webhook hook is disabled. The receiver answered 410.")) == (
        "failed",
        True,
    )
    assert receiver.log == []

    api.patch(HOOK, {"enabled": True}, format="json")
    api.post(f"/api/v1/executions/{last.pk}/redeliver")
    work()
    last.refresh_from_db()
    assert (last.state, len(receiver.log)) == ("delivered", 1)


def test_enabling_settles_the_notice_and_counts_failures_anew(
    api: APIClient, world: World, receiver: HTTPServer
) -> None:
    failing_for(timedelta(days=6))
    answered(world, receiver, 500)
    assert len(notice_texts(world)) == 1

    api.patch(HOOK, {"enabled": True}, format="json")

    assert Webhook.objects.values_list("enabled", "disabled_reason", "failing_since").get() == (True, "", None)
    assert notice_texts(world) == []
    answered(world, receiver, 500)
    assert Webhook.objects.get().enabled


def test_what_waits_for_its_next_try_goes_when_it_is_enabled_in_time(
    api: APIClient, world: World, receiver: HTTPServer
) -> None:
    answered(world, receiver, 500)
    answered(world, receiver, 410)
    api.patch(HOOK, {"enabled": True}, format="json")
    receiver.clear_all_handlers()
    receiver.expect_request("/hook").respond_with_data("")
    Execution.objects.filter(state="pending").update(next_attempt_at=now() - timedelta(seconds=1))
    work()
    assert [row.state for row in Execution.objects.order_by("id")] == ["delivered", "failed"]


def test_another_change_of_a_webhook_settles_nothing(api: APIClient, world: World, receiver: HTTPServer) -> None:
    answered(world, receiver, 410)
    api.patch(HOOK, {"timeout_seconds": 5}, format="json")
    assert len(notice_texts(world)) == 1
    assert not Webhook.objects.get().enabled


def test_deleting_it_settles_its_notice(api: APIClient, world: World, receiver: HTTPServer) -> None:
    answered(world, receiver, 410)
    api.delete(f"{HOOK}?confirm=true")
    assert notice_texts(world) == []


def test_disabling_twice_tells_once(world: World) -> None:
    pk = Webhook.objects.get().pk
    services.disable(WebhookKind, pk, "First.")
    Notice.objects.all().delete()
    services.disable(WebhookKind, pk, "Second.")
    assert (notice_texts(world), Webhook.objects.get().disabled_reason) == ([], "First.")
