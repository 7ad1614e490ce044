"""Registries over REST: members, links, and what is in their collections."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from artifacts.models import Collection, Entry, Registry
from artifacts.services import get_or_create_collection
from events.models import Event
from registries.models import RegistryMember, RegistryRole
from registries.services import create_registry, set_role_of_team
from teams.models import Membership, Role
from tests.artifacts.making import aliases_of, events_after, made
from tests.conftest import as_person
from tests.world import World

REGISTRIES = "/api/v1/registries/research"
MODELS = f"{REGISTRIES}/models"
PRODUCTION = f"{MODELS}/collections/production"
VERSIONS = f"{PRODUCTION}/versions"


def send(api: APIClient, address: str, body: Any) -> Any:
    return api.post(address, json.dumps(body), content_type="application/json")


def wrong(answer: Any, status: int = 400) -> tuple[str, Any, str]:
    """Give field, value and message of the one error."""
    assert answer.status_code == status, answer.json()
    (error,) = answer.json()["errors"]
    return error["field"], error["value"], error["message"]


@pytest.fixture
def registry(world: World) -> Registry:
    """A registry in which everybody on acme is a member, and alice as admin of the organization its admin."""
    world.team.organization.admins.add(world.users["alice"])
    registry = create_registry(world.team.organization, "models", visibility="restricted")
    set_role_of_team(registry, "acme", RegistryRole.MEMBER)
    return registry


@pytest.fixture
def bob(world: World) -> APIClient:
    """REST as bob, a member of the registry."""
    return as_person(world.keys["bob"])


def link(client: APIClient, **more: Any) -> Any:
    return send(client, f"{PRODUCTION}/link", {"version": "acme/mnist/model:v0", **more})


def test_an_admin_of_the_organization_creates_registries(api: APIClient, world: World, registry: Registry) -> None:
    answer = send(api, REGISTRIES, {"name": "datasets", "description": "All of ours"})
    shown = answer.json()
    assert shown.pop("created_at")
    assert shown.pop("archived_at") is None
    assert (answer.status_code, shown) == (
        201,
        {"organization": "research", "name": "datasets", "description": "All of ours", "visibility": "organization"},
    )
    assert [row["name"] for row in api.get(REGISTRIES).json()["results"]] == ["datasets", "models"]


def test_nobody_else_creates_registries(bob: APIClient, registry: Registry) -> None:
    answer = send(bob, REGISTRIES, {"name": "datasets"})
    assert wrong(answer, 403)[2] == "This takes an admin of the organization research. Ask one of them."
    assert list(Registry.objects.all()) == [registry]


def test_a_stranger_sees_no_restricted_registry(world: World, registry: Registry) -> None:
    charlie = as_person(world.keys["charlie"])
    assert charlie.get(REGISTRIES).json()["results"] == []
    assert [charlie.get(address).status_code for address in (MODELS, f"{MODELS}/members", PRODUCTION)] == [404] * 3


def test_members_come_and_go(api: APIClient, registry: Registry) -> None:
    answer = send(api, f"{MODELS}/members", {"username": "charlie", "role": "restricted_viewer"})
    pk = RegistryMember.objects.latest("id").pk
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": pk, "username": "charlie", "team": "", "role": "restricted_viewer"},
    )
    assert [row["username"] or row["team"] for row in api.get(f"{MODELS}/members").json()["results"]] == [
        "charlie",
        "acme",
    ]
    assert [api.delete(f"{MODELS}/members/{pk}").status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("body", [{}, {"username": "bob", "team": "acme"}])
def test_a_member_is_a_person_or_a_team(api: APIClient, registry: Registry, body: dict[str, str]) -> None:
    answer = send(api, f"{MODELS}/members", body)
    assert wrong(answer)[2] == "Give either a username or a team, not both."
    assert RegistryMember.objects.count() == 1


def test_a_role_that_is_none_is_refused(api: APIClient, registry: Registry) -> None:
    answer = send(api, f"{MODELS}/members", {"username": "bob", "role": "owner"})
    assert wrong(answer) == (
        "role",
        "owner",
        "'owner' is no choice here. Choose one of: admin, member, viewer, restricted_viewer.",
    )


def test_a_member_adds_no_members(bob: APIClient, registry: Registry) -> None:
    assert send(bob, f"{MODELS}/members", {"username": "charlie"}).status_code == 403
    assert RegistryMember.objects.count() == 1


def test_a_member_links_a_version(bob: APIClient, registry: Registry, model: Collection) -> None:
    made(model, "a", metadata={"accuracy": 0.97})
    before = Event.objects.count()
    first, again = link(bob, aliases=["live"], tags=["eu"]), link(bob, aliases=["live"])
    shown = first.json()
    assert (first.status_code, again.status_code) == (201, 200)
    assert (shown["version"], shown["made_as"], shown["aliases"], shown["tags"], shown["metadata"]) == (
        "v0",
        "acme/mnist/model:v0",
        ["latest", "live"],
        ["eu"],
        {"accuracy": 0.97},
    )
    assert events_after(before) == [
        ("artifact.linked", ""),
        ("artifact.alias_added", "latest"),
        ("artifact.alias_added", "live"),
        ("artifact.tag_added", "eu"),
    ]
    assert {event.actor for event in Event.objects.filter(kind="artifact.linked")} == {"bob"}


def test_linking_makes_the_collection_with_the_versions_type(
    bob: APIClient, registry: Registry, model: Collection
) -> None:
    made(model, "a")
    link(bob)
    (row,) = bob.get(f"{MODELS}/collections").json()["results"]
    assert row.pop("created_at")
    assert row == {
        "name": "production",
        "path": "research/wandb-registry-models/production",
        "type": "model",
        "description": "",
        "holds_links": True,
        "tags": [],
    }


def test_a_refused_link_makes_no_collection(bob: APIClient, registry: Registry, model: Collection) -> None:
    made(model, "a")
    assert wrong(link(bob, aliases=["a/b"]))[:2] == ("aliases.0", "a/b")
    assert registry.collections.count() == 0


def test_a_version_of_another_type_is_a_conflict(
    world: World, bob: APIClient, registry: Registry, model: Collection
) -> None:
    made(model, "a")
    link(bob)
    made(get_or_create_collection(world.project, "digits", "dataset")[0], "a")
    field, value, message = wrong(link(bob, version="acme/mnist/digits:v0"), 409)
    assert (field, value) == ("version", "acme/mnist/digits:v0")
    assert message.startswith("acme/mnist/digits:v0 is of the type 'dataset', and ")
    assert Entry.objects.filter(collection__registry=registry).count() == 1


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "model:v0",
            "'model:v0' is no version. Write it like acme/mnist/model:v3 or acme/mnist/model:latest.",
        ),
        (
            "acme/mnist/model",
            "'acme/mnist/model' is no version. Write it like acme/mnist/model:v3 or acme/mnist/model:latest.",
        ),
        ("acme/mnist/model:v7", "There is no version 'v7' in acme/mnist/model."),
        ("acme/mnist/none:v0", "There is no collection 'none' in acme/mnist."),
        ("other/mnist/model:v0", "There is no team 'other' here, or you are not on it."),
    ],
)
def test_a_version_that_cannot_be_found_is_refused(
    bob: APIClient, registry: Registry, model: Collection, path: str, message: str
) -> None:
    made(model, "a")
    assert wrong(link(bob, version=path)) == ("version", path, message)
    assert registry.collections.count() == 0


def test_a_viewer_of_the_team_gives_none_of_its_versions_away(
    world: World, registry: Registry, model: Collection
) -> None:
    made(model, "a")
    assert link(as_person(world.keys["vera"])).status_code == 403
    assert registry.collections.count() == 0


def test_a_viewer_of_the_registry_links_nothing(
    world: World, bob: APIClient, registry: Registry, model: Collection
) -> None:
    made(model, "a")
    set_role_of_team(registry, "acme", RegistryRole.VIEWER)
    assert link(bob).status_code == 403
    assert registry.collections.count() == 0


def test_a_version_of_another_team_is_read_where_it_is_linked(
    world: World, bob: APIClient, registry: Registry, model: Collection
) -> None:
    made(model, "a", metadata={"accuracy": 0.97})
    link(bob)
    set_role_of_team(registry, "other", RegistryRole.RESTRICTED_VIEWER)
    charlie = as_person(world.keys["charlie"])
    assert charlie.get(f"{VERSIONS}/latest").json()["metadata"] == {"accuracy": 0.97}
    assert charlie.get("/api/v1/projects/acme/mnist/collections/model/versions/v0").status_code == 404
    assert charlie.get(f"{MODELS}/members").status_code == 403


def test_aliases_tags_and_the_end_of_a_link(bob: APIClient, registry: Registry, model: Collection) -> None:
    made(model, "a")
    link(bob)
    assert send(bob, f"{VERSIONS}/v0/aliases", {"aliases": ["live"]}).json()["aliases"] == ["latest", "live"]
    assert send(bob, f"{VERSIONS}/live/tags", {"tags": ["eu"]}).json()["tags"] == ["eu"]
    assert bob.delete(f"{VERSIONS}/v0/tags/eu").status_code == 204
    assert bob.delete(f"{VERSIONS}/v0/aliases/live").status_code == 204
    assert bob.post(f"{VERSIONS}/latest/unlink").status_code == 204
    assert bob.get(f"{VERSIONS}/v0").status_code == 404
    assert bob.get(VERSIONS).json()["results"] == []
    assert aliases_of(model) == {"latest": "v0"}


def test_collection_tags_come_and_go(bob: APIClient, registry: Registry, model: Collection) -> None:
    made(model, "a")
    link(bob)
    assert send(bob, f"{PRODUCTION}/tags", {"tags": ["eu"]}).json()["tags"] == ["eu"]
    assert [bob.delete(f"{PRODUCTION}/tags/eu").status_code for _ in range(2)] == [204, 404]
    assert events_after()[-2:] == [("collection.tag_added", "eu"), ("collection.tag_removed", "eu")]


def test_nothing_is_made_in_a_registry(bob: APIClient, registry: Registry, model: Collection) -> None:
    made(model, "a")
    link(bob)
    assert send(bob, VERSIONS, {"digest": "b"}).status_code == 405


def test_who_left_the_organization_links_nothing(world: World, registry: Registry, model: Collection) -> None:
    made(model, "a")
    Membership.objects.filter(user=world.users["bob"], role=Role.MEMBER).delete()
    assert link(as_person(world.keys["bob"])).status_code == 404
