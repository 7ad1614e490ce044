"""What was delivered to a webhook or a Slack channel, and all that failed once more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automations.models import Automation, Execution
from integrations.slack.services import create_channel
from integrations.webhook.models import Webhook
from teams.models import AuditEvent
from tests.pages.people import attempt, bell, executions, text
from tests.world import World

PAGE = "/acme/integrations/webhook/hook/deliveries"


@pytest.fixture
def automation(world: World) -> Automation:
    return bell(world, "first bell")


def failed(automation: Automation, *, hours_ago: int) -> Execution:
    then = timezone.now() - timedelta(hours=hours_ago)
    (one,) = executions(automation, 1, state="failed", created_at=then, ended_at=then)
    return one


def test_the_newest_stands_first_with_its_automation_and_its_answer(bob: Client, automation: Automation) -> None:
    old, new = executions(automation, 2)
    attempt(old)
    attempt(new, detail="The receiver answered 200.")
    answer = bob.get(PAGE)
    assert [row.pk for row, _again, _last in answer.context["rows"]] == [new.pk, old.pk]
    page = text(answer)
    assert page.index("The receiver answered 200.") < page.index("The receiver answered 503.")
    assert "first bell" in page


def test_a_state_is_chosen(bob: Client, automation: Automation) -> None:
    executions(automation, 2)
    one = failed(automation, hours_ago=1)
    assert [row.pk for row, _again, _last in bob.get(f"{PAGE}?state=failed").context["rows"]] == [one.pk]


def test_what_went_elsewhere_is_not_listed(bob: Client, automation: Automation) -> None:
    executions(automation, 1, receiver_key="webhook:999999")
    assert "Nothing was sent yet." in text(bob.get(PAGE))


def test_the_page_asks_as_much_for_many_as_for_few(bob: Client, automation: Automation) -> None:
    attempt(*executions(automation, 1))
    bob.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        bob.get(PAGE)
    for one in executions(automation, 40):
        attempt(one)
    with CaptureQueriesContext(connection) as many:
        assert len(bob.get(PAGE).context["rows"]) == 41
    assert len(many) == len(few)


def test_one_is_delivered_again_from_the_list(bob: Client, automation: Automation) -> None:
    one = failed(automation, hours_ago=1)
    assert f'action="/executions/{one.pk}/redeliver"' in text(bob.get(PAGE))
    answer = bob.post(f"/executions/{one.pk}/redeliver", {"next": PAGE})
    one.refresh_from_db()
    assert (answer["Location"], one.state) == (PAGE, "pending")


def test_an_admin_delivers_all_that_failed_since_again(alice: Client, automation: Automation) -> None:
    old, new = failed(automation, hours_ago=30), failed(automation, hours_ago=2)
    since = f"{timezone.now() - timedelta(hours=12):%Y-%m-%dT%H:%M}"
    page = text(alice.post("/acme/integrations/webhook/hook/redeliver", {"since": since}, follow=True))
    assert "1 delivery is on its way again." in page
    states = dict(Execution.objects.values_list("pk", "state"))
    assert states == {old.pk: "failed", new.pk: "pending"}
    assert AuditEvent.objects.filter(verb="execution.redeliver").count() == 1


def test_since_when_is_needed(alice: Client, automation: Automation) -> None:
    one = failed(automation, hours_ago=1)
    answer = alice.post("/acme/integrations/webhook/hook/redeliver", {"since": "soon"})
    one.refresh_from_db()
    assert (answer.status_code, one.state) == (422, "failed")
    assert "That is no time." in text(answer)


def test_a_disabled_receiver_is_enabled_first(alice: Client, automation: Automation) -> None:
    one = failed(automation, hours_ago=1)
    Webhook.objects.update(enabled=False, disabled_reason="It was gone.")
    page = text(alice.post("/acme/integrations/webhook/hook/redeliver", {"since": "2026-01-01T00:00"}, follow=True))
    one.refresh_from_db()
    assert "hook is disabled. It was gone. Enable it first." in page
    assert one.state == "failed"


def test_a_member_is_not_offered_what_would_be_refused(bob: Client, vera: Client, automation: Automation) -> None:
    one = failed(automation, hours_ago=1)
    assert 'name="since"' not in text(bob.get(PAGE))
    assert f"/executions/{one.pk}/redeliver" not in text(vera.get(PAGE))
    assert bob.post("/acme/integrations/webhook/hook/redeliver", {"since": "2026-01-01T00:00"}).status_code == 403
    one.refresh_from_db()
    assert one.state == "failed"


def test_everyone_on_the_team_sees_what_they_can_choose(vera: Client, automation: Automation, world: World) -> None:
    create_channel(world.team, {"name": "alerts", "webhook_url": "http://127.0.0.1:8009/hush"})
    page = text(vera.get("/acme/integrations"))
    assert 'href="/acme/integrations/webhook/hook/deliveries"' in page
    assert 'href="/acme/integrations/slack/alerts/deliveries"' in page
    assert "hush" not in page
    assert vera.get("/acme/integrations/slack/alerts/deliveries").status_code == 200
