"""How the lists of team settings are drawn."""

from __future__ import annotations

import pytest
from django.db.models import Model
from django.test import Client

from integrations.models import Webhook
from secrets_vault.services import create_secret
from teams.models import AuditEvent
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
    assert 'href="/acme/webhooks/hook/deliveries"' in text(alice.get(page(Webhook, "change", hook.pk)))
