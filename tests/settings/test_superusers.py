"""What superusers see at /admin/."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automations.models import Attempt, Automation, Execution
from events.models import Event
from integrations.models import Integration
from integrations.slack.models import SlackChannel, SlackWorkspace
from integrations.webhook.models import Webhook
from projects.models import Project, Run
from secrets_vault.models import Secret
from teams.models import ApiKey, Membership, Organization, Team, User
from tests.settings.pages import CANARY, text
from tests.world import FAILED, World

OURS = (
    User, Organization, Team, Membership, ApiKey, Secret, Webhook, SlackWorkspace, SlackChannel, Integration,
    Project, Run, Event, Automation, Execution, Attempt,
)  # fmt: skip
READ_ONLY = (Secret, Webhook, SlackWorkspace, SlackChannel, Integration, Run, Event, Automation, Execution, Attempt)


@pytest.fixture
def root(hook: Webhook, world: World) -> Client:
    """A superuser, in a world that holds one of everything."""
    run = world.run()
    automation = world.automation(FAILED)
    event = Event.objects.create(kind="run.state", team=world.team, stream=run.stream_key)
    execution = Execution.objects.create(automation=automation, event=event, team=world.team)
    Attempt.objects.create(execution=execution, number=1, started_at=timezone.now(), detail="answered 200")
    SlackWorkspace.objects.create(team=world.team, slack_id="T1", name="Acme", token=CANARY)
    SlackChannel.objects.create(team=world.team, name="alerts", webhook_url=CANARY)
    private = f'{{"webhook_url": "https://chat.test/{CANARY}"}}'
    Integration.objects.create(team=world.team, kind="google_chat", name="chat", private=private)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def address(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_everything_has_a_list_a_search_and_a_page(root: Client, model: type[Model]) -> None:
    row = model._default_manager.order_by("pk").first()
    assert row is not None

    answers = [
        root.get(address(model, "changelist")),
        root.get(address(model, "changelist"), {"q": "a"}),
        root.get(address(model, "change", row.pk)),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_what_only_services_write_is_read_only(root: Client, model: type[Model]) -> None:
    row = model._default_manager.order_by("pk").first()
    assert row is not None

    answers = [
        root.get(address(model, "add")),
        root.post(address(model, "change", row.pk), {}),
        root.post(address(model, "delete", row.pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert model._default_manager.filter(pk=row.pk).exists()


def test_no_page_shows_a_secret_or_the_hash_of_a_key(root: Client) -> None:
    digest = ApiKey.objects.order_by("pk").values_list("digest", flat=True)[0]
    pages = [address(model, "changelist") for model in OURS]
    pages += [address(model, "change", row.pk) for model in OURS for row in model._default_manager.all()]

    shown = [text(root.get(one)) for one in pages]

    assert [page for page in shown if CANARY in page or digest in page] == []


def test_nobody_makes_a_key_for_another(root: Client) -> None:
    assert root.get(address(ApiKey, "add")).status_code == 403


def test_a_service_account_can_be_made(root: Client) -> None:
    values = {"username": "trainer", "usable_password": "false", "is_service": "on"}

    root.post(address(User, "add"), values)

    assert User.objects.get(username="trainer").is_service


def test_who_is_no_staff_sees_none_of_it(alice: Client) -> None:
    assert alice.get("/admin/").status_code == 302


def test_every_model_of_ours_is_there() -> None:
    assert [model for model in OURS if model not in admin.site._registry] == []
