"""A kind that only this test knows: in every list, form, page, REST door and document, without another file."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from django import forms
from django.core.management import call_command
from django.test import Client
from django.urls import clear_url_caches
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

import config.urls
from automations.actions.action import registry as actions
from automations.messages.context import MessageContext
from automations.messages.templating import RenderedPayload
from automations.models import Execution, ExecutionState
from automations.tasks import work
from integrations.action import IntegrationAction, IntegrationForm
from integrations.forms import SettingsForm
from integrations.kind import registry as kinds
from integrations.models import Integration
from integrations.receivers import StoredWebProvider
from integrations.stored_kind import StoredKind
from outbound.client import Reply, Request
from outbound.provider import Delivery, Outcome, Receiver
from outbound.provider import registry as providers
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from teams.settings_site.team_settings_admin_site import team_settings
from tests.world import FAILED, World


class PagerForm(SettingsForm):
    address = forms.CharField(label="Address")


class PagerKind(StoredKind):
    """Pagers, of a kind that nobody ships."""

    key = settings_model = verb_noun = "pager"
    label, noun, plural, empty, leads_to = "Pager", "pager", "Pagers", "The team's pagers will be here.", "Goes to"
    Form, action_key = PagerForm, "page_somebody"
    example = {"name": "ops", "address": "https://pager.example.com/ops"}

    @classmethod
    def where(cls, row: Integration) -> str:
        return str(row.settings["address"])


class PagerProvider(StoredWebProvider):
    key, label, noun = "pager", "Pager", "pager"

    @classmethod
    def request(cls, receiver: Receiver, delivery: Delivery) -> Request:
        return Request("POST", receiver.settings["address"], {}, delivery.body)  # type: ignore[attr-defined]

    @classmethod
    def outcome(cls, reply: Reply) -> Outcome:
        return Outcome(reply.status == 200, f"The pager answered {reply.status}.")


class PageForm(IntegrationForm):
    kind_key = "pager"


class PageSomebody(IntegrationAction):
    """Page somebody."""

    key, label, Form, example = "page_somebody", "Pager", PageForm, {"integration": "duty"}

    def rendered(self, receiver: Receiver, context: MessageContext, secrets: Mapping[str, str]) -> RenderedPayload:
        body = json.dumps({"about": context.subject})
        return RenderedPayload(body.encode(), body)


@pytest.fixture
def pager() -> Iterator[None]:
    parts: list[tuple[Any, Any]] = [(kinds, PagerKind), (providers, PagerProvider), (actions, PageSomebody)]
    for registry, plugin in parts:
        registry.register(plugin)
    PagerKind.register_settings(team_settings)
    _read_addresses()
    yield
    for model in [model for model in team_settings._registry if model._meta.model_name == "pager"]:
        team_settings.unregister(model)
    for registry, plugin in parts:
        del registry._classes[plugin.key]
    _read_addresses()


def _read_addresses() -> None:
    importlib.reload(config.urls)
    clear_url_caches()


REST = "/api/v1/teams/acme/integrations/pager"
PAGES = "/acme/integrations/pager/duty"
SETTINGS = "/settings/integrations/pager/"


def test_it_is_made_listed_tested_used_and_removed(
    pager: None, api: APIClient, world: World, receiver: HTTPServer
) -> None:
    alice = Client()
    alice.force_login(world.users["alice"])

    # REST
    sent = {"name": "duty", "address": receiver.url_for("/hook")}
    assert api.post(REST, sent, format="json").status_code == 201
    assert api.post(REST, sent, format="json").status_code == 409
    assert api.get(f"{REST}/duty").json()["address"] == sent["address"]
    assert api.post(f"{REST}/duty/test", {}, format="json").json()["detail"] == "The pager answered 200."

    # Pages: the list, the test button, the wizard, the settings.
    assert sent["address"] in alice.get("/acme/integrations").content.decode()
    assert "The pager answered 200." in alice.post(f"{PAGES}/test").content.decode()
    assert "page_somebody" in alice.get("/acme/mnist/automations/new?event=RUN_STATE").content.decode()
    row = Integration.objects.get()
    assert "duty" in alice.get(SETTINGS).content.decode()
    changed = {"name": "duty", "enabled": "on", "address": receiver.url_for("/hook")}
    assert alice.post(f"{SETTINGS}{row.pk}/change/", changed)["Location"] == SETTINGS
    added = {**changed, "team": world.team.pk, "name": "second"}
    assert alice.post(f"{SETTINGS}add/", added)["Location"] == SETTINGS

    # Deliveries, and delivering them again.
    world.automation(FAILED, name="tell", action={"type": "page_somebody", "integration": "duty"})
    finish_run(world.run("run1"), 1)
    work()
    assert Execution.objects.get().state == ExecutionState.DELIVERED
    assert [one["state"] for one in api.get(f"{REST}/duty/deliveries").json()["results"]] == ["delivered"]
    assert "tell" in alice.get(f"{PAGES}/deliveries").content.decode()
    Execution.objects.update(state=ExecutionState.FAILED)
    again = api.post(f"{REST}/duty/redeliver", {"since": "2026-01-01T00:00:00Z"}, format="json")
    assert again.json() == {"count": 1}

    # Removal names who uses it.
    assert "Automations use the pager duty: tell." in api.delete(f"{REST}/duty").json()["detail"]
    assert api.delete(f"{REST}/duty?confirm=true").status_code == 204
    assert list(AuditEvent.objects.filter(verb__startswith="pager").values_list("verb", flat=True)) == [
        "pager.create", "pager.create", "pager.delete",
    ]  # fmt: skip


def test_the_catalog_lists_it_with_an_example_that_is_accepted(pager: None, api: APIClient) -> None:
    catalog = api.get("/api/v1/catalog").json()
    (listed,) = [kind for kind in catalog["kinds"] if kind["key"] == "pager"]
    assert listed["label"] == "Pager"
    assert listed["schema"]["properties"].keys() >= listed["example"].keys() == {"name", "address"}
    assert listed["example"].keys() >= set(listed["schema"]["required"])
    assert api.post(REST, listed["example"], format="json").status_code == 201
    (action,) = [one for one in catalog["actions"] if one["key"] == "page_somebody"]
    assert (action["kind"], action["example"]) == ("pager", {"type": "page_somebody", "integration": "duty"})


def test_openapi_describes_it(pager: None, db: None) -> None:
    said = io.StringIO()
    call_command("spectacular", stdout=said)
    document = yaml.safe_load(said.getvalue())
    shape = document["paths"]["/api/v1/teams/{team}/integrations/pager"]["post"]["requestBody"]["content"]
    name = shape["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["properties"].keys() == {"name", "enabled", "address"}


def test_it_needs_no_migration(pager: None, db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", stdout=io.StringIO())
