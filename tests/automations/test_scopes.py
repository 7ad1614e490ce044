"""Every event is heard in every scope where it can happen, and refused in the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from artifacts.models import Registry
from artifacts.services import add_aliases, add_collection_tags
from automations.models import Automation, Execution
from automations.scopes import registry as scope_types
from automations.tasks import work
from events import ledger, types
from events.models import Event
from projects.models import Project
from projects.services import RunDetails, create_project, finish_run, start_run
from registries.services import create_registry, link
from teams.models import Team
from tests.automations.places import AUTOMATIONS, CAUSES, Places, listen
from tests.world import FAILED, World

OF_RUNS = {"project", "team", "organization"}
EVERYWHERE = {"project", "collection", "registry", "registry_collection", "team", "organization"}
# W&B's matrix, and what is ours alone. More than W&B's API takes: CREATE_ARTIFACT beyond a collection.
EXPECTED = {
    "RUN_STATE": OF_RUNS,
    "RUN_METRIC": OF_RUNS,
    "RUN_METRIC_CHANGE": OF_RUNS,
    "RUN_METRIC_ZSCORE": OF_RUNS,
    "ALL_RUNS_DONE": OF_RUNS,
    "RUN_STALLED": OF_RUNS,
    "RUN_ALERT": OF_RUNS,
    # Into a registry versions are linked: none is made there.
    "CREATE_ARTIFACT": {"project", "collection", "team", "organization"},
    "LINK_MODEL": EVERYWHERE,
    "UNLINK_ARTIFACT": EVERYWHERE,
    "ADD_ARTIFACT_ALIAS": EVERYWHERE,
    "ADD_ARTIFACT_TAG": EVERYWHERE,
    "REMOVE_ARTIFACT_TAG": EVERYWHERE,
    "ADD_COLLECTION_TAG": EVERYWHERE,
    "REMOVE_COLLECTION_TAG": EVERYWHERE,
}
PAIRS = [
    pytest.param(event, scope.key, id=f"{event.wire}-{scope.key}") for event in types.registry for scope in scope_types
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
    wires = {event.wire for event in types.registry}
    assert wires == CAUSES.keys() == EXPECTED.keys()
    assert {event.wire: set(event.scopes) for event in types.registry} == EXPECTED


def test_events_name_only_scopes_that_there_are() -> None:
    assert {scope for event in types.registry for scope in event.scopes} == {scope.key for scope in scope_types}


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
    assert (execution.automation_id, execution.state) == (answer.json()["id"], "finished")
    assert bodies(receiver) == [{"event": event.told_as or event.wire}]


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


@pytest.mark.parametrize("scope", ["project", "collection", "registry", "registry_collection", "team"])
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
    for scope in ("project", "collection", "registry", "registry_collection", "team", "organization"):
        assert listen(api, scope, "ADD_ARTIFACT_ALIAS").status_code == 201
    add_aliases(places.first(places.made), ["champion"])
    assert heard() == ["collection", "project", "team", "organization"]
    add_aliases(places.first(places.production), ["champion"])
    assert heard()[4:] == ["registry_collection", "registry", "organization"]
    assert len(receiver.log) == 7


def test_a_run_that_stalls_is_told_once_in_every_scope(places: Places, api: APIClient) -> None:
    cause = CAUSES["RUN_STALLED"]
    for scope in ("project", "team", "organization"):
        listen(api, scope, "RUN_STALLED", *cause.conditions, rest_seconds=0)
    cause.happen(places, places.made)
    assert heard() == ["project", "team", "organization"]


def test_a_rest_in_one_scope_is_none_in_another(places: Places, api: APIClient) -> None:
    listen(api, "project", "RUN_STATE", FAILED, rest_seconds=0)
    listen(api, "team", "RUN_STATE", FAILED)
    run = places.world.run()
    for _ in range(2):
        finish_run(run, 1)
        start_run(places.world.project, run.name, RunDetails(), user=places.world.users["alice"])
    work()
    sent = Execution.objects.exclude(state="skipped").values_list("automation__scope_type", flat=True)
    assert sorted(sent) == ["project", "project", "team"]


@pytest.mark.parametrize("scope", [scope.key for scope in scope_types])
def test_one_that_is_off_or_deleted_hears_nothing(places: Places, api: APIClient, scope: str) -> None:
    number = listen(api, scope, "ADD_COLLECTION_TAG").json()["id"]
    api.post(f"{AUTOMATIONS}/{number}/disable")
    collection = CAUSES["ADD_COLLECTION_TAG"].collection(places, scope)
    assert not ledger.is_heard("collection.tag_added", collection.scopes)
    add_collection_tags(collection, ["eu"])
    assert heard() == []
    api.post(f"{AUTOMATIONS}/{number}/enable")
    add_collection_tags(collection, ["us"])
    assert heard() == [scope]
    api.delete(f"{AUTOMATIONS}/{number}")
    assert not ledger.is_heard("collection.tag_added", collection.scopes)


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


@pytest.mark.parametrize("scope", ["registry", "registry_collection", "organization"])
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
