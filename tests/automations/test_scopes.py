"""Every event is heard in every scope where it can happen, and refused in the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from artifacts.models import Registry
from artifacts.services import add_aliases, add_collection_tags
from automations.definitions.scope_type import registry as scope_types
from automations.models import Automation, Execution
from automations.tasks import work
from events import event_types, ledger
from events.models import Event
from projects.models import Project
from projects.runs.lifecycle import RunDetails, finish_run, start_run
from projects.services import create_project
from registries.services import create_registry, link
from teams.models import Team
from tests.automations.places import AUTOMATIONS, CAUSES, OF_REGISTRIES, Places, listen
from tests.world import FAILED, World

OF_RUNS = {"project", "team", "organization"}
EVERYWHERE = {scope.key for scope in scope_types}
SHARED = [scope.key for scope in scope_types if scope.shared]
# W&B's matrix, and what is ours alone. More than W&B's API takes: CREATE_ARTIFACT beyond a collection.
# Into a registry versions are linked: none is made there.
EXPECTED = {
    event.wire: OF_RUNS
    if event.about == "run"
    else EVERYWHERE - ({*OF_REGISTRIES} if event.wire == "CREATE_ARTIFACT" else set())
    for event in event_types.registry
}
PAIRS = [
    pytest.param(event, scope.key, id=f"{event.wire}-{scope.key}")
    for event in event_types.registry
    for scope in scope_types
]


def bodies(receiver: HTTPServer) -> list[Any]:
    return [json.loads(request.data) for request, _answer in receiver.log]


def fail_run(project: Project, world: World) -> None:
    finish_run(start_run(project, "r", RunDetails(), user=world.users["alice"]).run, 1)


def fired() -> list[str]:
    """Give the scope types of the automations that fired, in order."""
    return list(Execution.objects.order_by("id").values_list("automation__scope_type", flat=True))


def heard() -> list[str]:
    """Give what is delivered once everything that waits is judged."""
    work()
    return fired()


def test_every_event_type_has_a_way_to_happen_here_and_its_scopes() -> None:
    wires = {event.wire for event in event_types.registry}
    assert wires == CAUSES.keys()
    assert {event.wire: set(event.scopes) for event in event_types.registry} == EXPECTED


def test_events_name_only_scopes_that_there_are() -> None:
    assert {scope for event in event_types.registry for scope in event.scopes} == {scope.key for scope in scope_types}


@pytest.mark.parametrize(("event", "scope"), PAIRS)
def test_an_event_is_heard_in_a_scope_or_refused_there(
    places: Places, api: APIClient, receiver: HTTPServer, event: Any, scope: str
) -> None:
    cause = CAUSES[event.wire]
    collection = cause.collection(places, scope)
    named = {"scope": {"type": "collection", "name": str(collection)}} if scope == "collection" else {}
    answer = listen(api, scope, event.wire, *cause.conditions, **named)
    if scope not in EXPECTED[event.wire]:
        (error,) = answer.json()["errors"]
        listed = ", ".join(event.scopes)
        message = f"{event.wire} does not happen in a {scope}. Scopes that have it: {listed}."
        assert (answer.status_code, error) == (400, {"field": "event", "value": event.wire, "message": message})
        assert not Automation.objects.exists()
        return
    assert answer.status_code == 201, answer.json()
    cause.happen(places, collection)
    work()
    execution = Execution.objects.get()
    assert (execution.automation_id, execution.state) == (answer.json()["id"], "delivered")
    assert bodies(receiver) == [{"event": event.payload_name or event.wire}]


# What comes later, and what is elsewhere ------------------------------------------------------------


def test_a_project_made_later_is_heard_in_its_team(places: Places, api: APIClient) -> None:
    listen(api, "team", "RUN_STATE", FAILED)
    fail_run(create_project(places.world.team, "later"), places.world)
    assert heard() == ["team"]


def test_a_collection_made_later_is_heard_in_its_project(places: Places, api: APIClient) -> None:
    listen(api, "project", "ADD_COLLECTION_TAG")
    later = places.world.project.collections.create(name="later", type="model")
    add_collection_tags(later, ["eu"])
    assert heard() == ["project"]


def test_a_collection_made_later_is_heard_in_its_registry(places: Places, api: APIClient) -> None:
    listen(api, "registry", "LINK_MODEL")
    places.link_new("later")
    assert heard() == ["registry"]


def test_a_team_and_a_registry_made_later_are_heard_in_their_organization(places: Places, api: APIClient) -> None:
    organization = places.world.team.organization
    listen(api, "organization", "RUN_STATE", FAILED)
    listen(api, "organization", "LINK_MODEL", name="links")
    later = Team.objects.create(organization=organization, name="later")
    fail_run(create_project(later, "first"), places.world)
    link(places.first(places.made).version, create_registry(organization, "later"), "first")
    assert heard() == ["organization", "organization"]


@pytest.mark.parametrize("scope", [scope.key for scope in scope_types if scope.key != "organization"])
def test_what_happens_beside_a_scope_is_not_heard_in_it(places: Places, api: APIClient, scope: str) -> None:
    organization = places.world.team.organization
    listen(api, scope, "ADD_COLLECTION_TAG")
    elsewhere = create_project(places.world.other_team, "mnist").collections
    beside = create_registry(organization, "beside").collections
    for collection in (
        elsewhere.create(name="model", type="model"),
        beside.create(name="production", type="model", holds_links=True),
    ):
        add_collection_tags(collection, ["eu"])
    assert heard() == []


# Several at once, and none any more ----------------------------------------------------------------


def test_one_event_is_heard_in_every_scope_for_itself(places: Places, api: APIClient, receiver: HTTPServer) -> None:
    for scope in scope_types:
        assert listen(api, scope.key, "ADD_ARTIFACT_ALIAS").status_code == 201
    add_aliases(places.first(places.made), ["champion"])
    assert heard() == ["collection", "project", "team", "organization"]
    add_aliases(places.first(places.production), ["champion"])
    assert heard()[4:] == ["registry_collection", "registry", "organization"]
    assert len(receiver.log) == 7


def test_a_run_that_stalls_is_told_once_in_every_scope(places: Places, api: APIClient) -> None:
    cause = CAUSES["RUN_STALLED"]
    for scope in ("project", "team", "organization"):
        listen(api, scope, "RUN_STALLED", *cause.conditions, cooldown_seconds=0)
    cause.happen(places, places.made)
    assert heard() == ["project", "team", "organization"]


def test_a_cooldown_in_one_scope_is_none_in_another(places: Places, api: APIClient) -> None:
    listen(api, "project", "RUN_STATE", FAILED, cooldown_seconds=0)
    listen(api, "team", "RUN_STATE", FAILED)
    run = places.world.run()
    for _ in range(2):
        finish_run(run, 1)
        start_run(places.world.project, run.name, RunDetails(), user=places.world.users["alice"])
    work()
    sent = Execution.objects.exclude(state="suppressed").values_list("automation__scope_type", flat=True)
    assert sorted(sent) == ["project", "project", "team"]


@pytest.mark.parametrize("scope", [scope.key for scope in scope_types])
def test_one_that_is_off_or_deleted_hears_nothing(places: Places, api: APIClient, scope: str) -> None:
    number = listen(api, scope, "ADD_COLLECTION_TAG").json()["id"]
    api.post(f"{AUTOMATIONS}/{number}/disable")
    collection = CAUSES["ADD_COLLECTION_TAG"].collection(places, scope)
    assert not ledger.has_subscribers("collection.tag_added", collection.scopes)
    add_collection_tags(collection, ["eu"])
    assert heard() == []
    api.post(f"{AUTOMATIONS}/{number}/enable")
    add_collection_tags(collection, ["us"])
    assert heard() == [scope]
    api.delete(f"{AUTOMATIONS}/{number}")
    assert not ledger.has_subscribers("collection.tag_added", collection.scopes)


@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        pytest.param("project", lambda places: places.world.project, id="project"),
        pytest.param("collection", lambda places: places.made, id="collection"),
        pytest.param("collection", lambda places: places.world.project, id="collection with its project"),
        pytest.param("registry", lambda places: places.registry, id="registry"),
        pytest.param("registry_collection", lambda places: places.production, id="registry_collection"),
        pytest.param("registry_collection", lambda places: places.registry, id="registry_collection with its registry"),
        pytest.param("team", lambda places: places.world.team, id="team"),
        pytest.param("organization", lambda places: places.world.team.organization, id="organization"),
    ],
)
def test_an_automation_ends_with_its_place(places: Places, api: APIClient, scope: str, gone: Any) -> None:
    listen(api, scope, "ADD_COLLECTION_TAG")
    collection = CAUSES["ADD_COLLECTION_TAG"].collection(places, scope)
    add_collection_tags(collection, ["eu"])
    gone(places).delete()
    work()
    assert not Automation.objects.exists()
    assert not Execution.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()


@pytest.mark.parametrize("scope", SHARED)
def test_an_automation_ends_with_its_acting_team(places: Places, api: APIClient, scope: str) -> None:
    elsewhere = create_project(places.world.other_team, "mnist").collections.create(name="model", type="model")
    listen(api, scope, "ADD_COLLECTION_TAG")
    places.world.team.delete()
    for collection in (places.production, elsewhere):
        add_collection_tags(collection, ["eu"])
    assert heard() == []
    assert Registry.objects.exists()
    assert not Automation.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()
