"""Two that ask for the same name at the same moment: one gets it, the other is told so or goes on in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model
from rest_framework.test import APIClient

from artifacts.models import Registry
from automations.models import Automation
from common.data.unique_names import only_one
from common.data.validation_errors import Conflict
from events.models import Event
from integrations.slack.models import SlackChannel
from integrations.webhook.models import Webhook
from projects.models import Project, Run
from projects.runs.lifecycle import RunDetails, start_run
from registries.services import change_registry, create_registry
from secrets_vault.models import Secret
from teams.models import AuditEvent
from tests.at_once import AT_ONCE, after_the_first_look, at_once
from tests.conftest import as_person
from tests.world import FAILED, World

HOOK = "http://127.0.0.1:8009/"


@dataclass(frozen=True)
class Made:
    """What is asked for over REST, and how another makes the same."""

    model: type[Model]
    address: str
    sent: dict[str, Any]
    same_name: Callable[[World], Model]


MADE = [
    Made(Project, "projects/acme", {"name": "x"}, lambda w: Project.objects.create(team=w.team, name="x")),
    Made(
        Webhook, "teams/acme/integrations/webhook", {"name": "x", "url": HOOK},
        lambda w: Webhook.objects.create(team=w.team, name="x", url=HOOK),
    ),
    Made(
        Secret, "teams/acme/secrets", {"name": "X", "value": "hush-hush"},
        lambda w: Secret.objects.create(team=w.team, name="X", value="other"),
    ),
    Made(
        SlackChannel, "teams/acme/integrations/slack", {"name": "x", "webhook_url": HOOK},
        lambda w: SlackChannel.objects.create(team=w.team, name="x", webhook_url=HOOK),
    ),
    Made(
        Registry, "registries/research", {"name": "x"},
        lambda w: Registry.objects.create(organization=w.team.organization, name="x"),
    ),
    Made(
        Automation, "automations",
        {
            "name": "x", "scope": {"type": "project", "name": "acme/mnist"}, "event": "RUN_STATE",
            "conditions": [FAILED], "action": {"type": "do_nothing"},
        },
        lambda w: Automation.objects.create(
            name="x", team=w.team, project=w.project, scope=w.project.scopes[0], scope_name="acme/mnist",
            event_type="run.state", action_type="do_nothing", conditions=[], action={},
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.model.__name__)
def test_a_name_taken_between_look_and_save_is_refused_as_one_taken_before(world: World, made: Made) -> None:
    world.team.organization.admins.add(world.users["alice"])
    alice = as_person(world.keys["alice"])
    with after_the_first_look(made.model, lambda: made.same_name(world)):
        answer = alice.post(f"/api/v1/{made.address}", made.sent, format="json")
    named = made.model._default_manager.filter(name=made.sent["name"])
    # Where the whole service is one transaction, it took the other back with it.
    named.exists() or made.same_name(world)
    again = alice.post(f"/api/v1/{made.address}", made.sent, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "name")
    assert answer.json() == again.json()
    assert named.count() == 1
    assert not AuditEvent.objects.filter(verb__endswith=".create").exclude(verb="key.create").exists()


def test_a_registry_renamed_to_a_name_taken_meanwhile_keeps_its_own(world: World) -> None:
    organization = world.team.organization
    registry = create_registry(organization, "models")

    def take() -> None:
        # The first look locks the registry itself, before it is asked who else has the name.
        Registry.objects.create(organization=organization, name="x")

    with after_the_first_look(Registry, take), pytest.raises(Conflict):
        change_registry(registry, name="x")
    assert Registry.objects.get(pk=registry.pk).name == "models"


@pytest.mark.parametrize("over", ["rest", "sdk"])
def test_a_run_begun_by_another_between_look_and_save_is_resumed(world: World, over: str) -> None:
    def begin() -> None:
        Run.objects.create(project=world.project, name="ddp", group="ours")

    with after_the_first_look(Run, begin):
        started = start_run(world.project, "ddp", RunDetails(config={"lr": 1}), user=None, anew=over == "sdk")
    assert (started.created, started.run.group, started.run.config) == (False, "ours", {"lr": 1})
    assert (Run.objects.count(), Event.objects.count()) == (1, 0)


def test_what_breaks_another_constraint_is_no_duplicate_name(world: World) -> None:
    with pytest.raises(IntegrityError), only_one(Project.objects.filter(name="x"), "never said"):
        Project.objects.create(team=None, name="x")  # type: ignore[misc]


# With threads --------------------------------------------------------------------------------------


@pytest.fixture
def only_on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: two writers at once need PostgreSQL; pytest --postgresql")


@pytest.mark.django_db(transaction=True)
def test_the_ranks_of_a_training_begin_one_run(only_on_postgresql: None, transactional_db: None, world: World) -> None:
    address = "/api/v1/projects/acme/mnist/runs"

    def post(_number: int) -> int:
        client: APIClient = as_person(world.keys["alice"])
        return client.post(address, {"name": "ddp"}, format="json").status_code

    assert sorted(at_once(post)) == [200] * (AT_ONCE - 1) + [201]
    assert (Run.objects.count(), Event.objects.filter(kind="run.state").count()) == (1, 1)
