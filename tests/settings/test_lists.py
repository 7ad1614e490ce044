"""How the lists of team settings are drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db.models import Model
from django.test import Client

from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.webhook.models import Webhook
from secrets_vault.models import Secret
from secrets_vault.services import create_secret
from teams.models import ApiKey, AuditEvent, User
from tests.settings.pages import page, text
from tests.world import World


def test_each_cell_says_what_it_is_for_a_phone(alice: Client, world: World) -> None:
    world.webhook("http://127.0.0.1:8099/hook", name="<b>hook</b>", access_token="TOKEN")
    shown = text(alice.get(page(Webhook, "changelist")))
    assert '<td data-label="Access token" class="field-access_token">TOKEN</td>' in shown
    assert "<b>hook</b>" not in shown


def test_the_audit_log_is_called_so_wherever_one_goes(alice: Client, world: World) -> None:
    listed = text(alice.get(page(AuditEvent, "changelist")))
    assert ">Audit log</a>" in listed
    assert "Audit events" not in listed


@pytest.mark.parametrize(("rows", "called"), [(Webhook, "Webhooks"), (AuditEvent, "Audit log")])
def test_the_way_back_from_a_row_names_its_list(alice: Client, world: World, rows: type[Model], called: str) -> None:
    world.webhook("http://127.0.0.1:8099/hook")
    create_secret(world.team, "TOKEN", "t0ken-value", by=world.users["alice"])
    shown = text(alice.get(page(rows, "change", rows._default_manager.latest("pk").pk)))
    assert f'<a href="{page(rows, "changelist")}">{called}</a>' in shown


def test_a_webhook_leads_to_what_was_delivered(alice: Client, world: World) -> None:
    hook = world.webhook("http://127.0.0.1:8099/hook")
    assert 'href="/acme/integrations/webhook/hook/deliveries"' in text(alice.get(page(Webhook, "change", hook.pk)))


@pytest.mark.parametrize(
    ("rows", "what"),
    [(Secret, "secret"), (Webhook, "webhook"), (SlackChannel, "Slack channel"), (SlackWorkspace, "Slack workspace")],
)
def test_a_list_without_rows_says_what_will_be_here_and_has_one_way_on(
    alice: Client, world: World, rows: type[Model], what: str
) -> None:
    shown = text(alice.get(page(rows, "changelist")))
    assert f"{what}s will be here" in shown
    assert shown.count(f'href="{page(rows, "add")}"') == 1
    assert 'id="changelist-filter"' not in shown


def test_a_filter_that_leaves_nothing_can_be_taken_back(alice: Client, world: World) -> None:
    world.webhook("http://127.0.0.1:8099/hook")
    shown = text(alice.get(f"{page(Webhook, 'changelist')}?enabled__exact=0"))
    assert "Nothing matches." in shown
    assert 'id="changelist-filter"' in shown


@pytest.mark.parametrize(("asked", "names"), [("1", ["on"]), ("0", ["off"]), ("x", ["off", "on"])])
def test_webhooks_are_filtered_by_their_state(alice: Client, world: World, asked: str, names: list[str]) -> None:
    world.webhook("http://127.0.0.1:8099/on", name="on")
    world.webhook("http://127.0.0.1:8099/off", name="off", enabled=False)
    answer = alice.get(f"{page(Webhook, 'changelist')}?enabled__exact={asked}")
    assert [hook.name for hook in answer.context["cl"].result_list] == names


def test_a_form_leads_back_to_its_list_without_saving(alice: Client, world: World) -> None:
    shown = text(alice.get(page(Secret, "add")))
    assert f'<a href="{page(Secret, "changelist")}" class="closelink">Cancel</a>' in shown


def test_superusers_keep_the_buttons_of_django(world: World) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    shown = text(root.get("/admin/teams/team/add/"))
    assert 'name="_addanother"' in shown
    assert "closelink" not in shown


def test_the_audit_log_tells_the_time_in_the_persons_zone(alice: Client, world: World) -> None:
    User.objects.filter(username="alice").update(time_zone="Asia/Tokyo")
    event = AuditEvent.objects.create(
        team=world.team, verb="secret.create", target="secret X", at=datetime(2026, 1, 2, 22, 4, tzinfo=UTC)
    )
    for address in (page(AuditEvent, "changelist"), page(AuditEvent, "change", event.pk)):
        shown = text(alice.get(address))
        assert ">2026-01-03 07:04:00 JST</time>" in shown
        assert "Through" in shown


def test_the_list_of_api_keys_tells_how_long_ago(alice: Client, world: World) -> None:
    shown = text(alice.get(page(ApiKey, "changelist")))
    assert re.search(r'<td data-label="Created" class="field-created"><time datetime="[^"]+" title="[^"]+">', shown)
    assert '<td data-label="Last used" class="field-last_used">–</td>' in shown


@pytest.fixture
def audited(world: World) -> None:
    """More rows than are read at a glance."""
    for number in range(12):
        AuditEvent.objects.create(team=world.team, verb="secret.create", target=f"secret {number}", door="rest")


@pytest.mark.parametrize(("asked", "said"), [("secret", ">12 results<"), ("secret+7", ">One result<")])
def test_a_search_says_how_much_it_found(alice: Client, audited: None, asked: str, said: str) -> None:
    assert said in text(alice.get(f"{page(AuditEvent, 'changelist')}?q={asked}"))


def test_a_list_that_nobody_searches_counts_no_results(alice: Client, audited: None) -> None:
    shown = text(alice.get(page(AuditEvent, "changelist")))
    assert 'placeholder="Search who, or about what"' in shown
    assert "results<" not in shown
