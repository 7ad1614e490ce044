"""What events of artifacts are about, and the variables they give to payloads."""

from __future__ import annotations

import base64
import math
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from artifacts import services
from artifacts.models import Collection
from automations.definitions.scope_type import registry as scope_types
from events.event_types import EventContext
from events.models import Event
from tests.artifacts.making import made
from tests.world import World

EVERYWHERE = tuple(scope.key for scope in scope_types)


def last(known_event_types: Any, key: str) -> EventContext:
    """Give the newest event of this type with its subject."""
    event = Event.objects.filter(kind=key).latest("id")
    found: dict[int, EventContext] = known_event_types.get(key).contexts([event])
    return found[event.pk]


def values(known_event_types: Any, key: str) -> dict[str, object]:
    found: dict[str, object] = known_event_types.get(key).values(last(known_event_types, key))
    return found


@pytest.mark.parametrize(
    ("key", "wire", "label", "about", "scopes"),
    [
        ("artifact.created", "CREATE_ARTIFACT", "A new version is added to an artifact", "artifact",
         ("project", "collection", "team", "organization")),
        ("artifact.linked", "LINK_MODEL", "A new version is linked to a collection", "artifact", EVERYWHERE),
        ("artifact.unlinked", "UNLINK_ARTIFACT", "A version is unlinked from a collection", "artifact", EVERYWHERE),
        ("artifact.alias_added", "ADD_ARTIFACT_ALIAS", "An artifact alias is added", "artifact", EVERYWHERE),
        ("artifact.tag_added", "ADD_ARTIFACT_TAG", "An artifact tag is added", "artifact", EVERYWHERE),
        ("artifact.tag_removed", "REMOVE_ARTIFACT_TAG", "An artifact tag is removed", "artifact", EVERYWHERE),
        ("collection.tag_added", "ADD_COLLECTION_TAG", "A collection tag is added", "collection", EVERYWHERE),
        ("collection.tag_removed", "REMOVE_COLLECTION_TAG", "A collection tag is removed", "collection", EVERYWHERE),
    ],
)  # fmt: skip
def test_each_event_has_the_name_and_the_scopes_that_wb_has(
    known_event_types: Any, key: str, wire: str, label: str, about: str, scopes: tuple[str, ...]
) -> None:
    found = known_event_types.get(key)
    assert (found.kind, found.wire, str(found.label), found.about) == (key, wire, label, about)
    assert sorted(found.scopes) == sorted(scopes)
    assert not found.has_cooldown


def test_an_event_context_says_everything_of_the_version(
    known_event_types: Any, world: World, model: Collection
) -> None:
    bob, run = world.users["bob"], world.run("r1")
    entry = made(model, "a", metadata={"accuracy": 0.97}, aliases=["best"], tags=["eu"], run=run, by=bob)
    context = last(known_event_types, "artifact.created")
    assert (context.actor, context.subject.key) == ("bob", f"version:{entry.version_id}")
    assert context.subject.label == "acme/mnist/model:v0"
    assert context.subject.url == "/acme/mnist/artifacts/model/model/v0"
    assert context.subject.facts == {
        "id": entry.version_id,
        "reference": values(known_event_types, "artifact.created")["artifact_version"],
        "collection": "model",
        "path": "acme/mnist/model",
        "type": "model",
        "entity_name": "acme",
        "project_name": "mnist",
        "index": 0,
        "version": "v0",
        "aliases": ["best", "latest"],
        "alias": ["best", "latest"],
        "tags": ["eu"],
        "tag": ["eu"],
        "digest": "a",
        "description": "",
        "metadata": {"accuracy": 0.97},
        "made_as": "acme/mnist/model:v0",
        "made_by_team": "acme",
        "run": "r1",
        "created_by": "bob",
    }


def test_the_variables_of_a_version(known_event_types: Any, model: Collection) -> None:
    entry = made(model, "a", metadata={"accuracy": 0.97, "loss": float("nan"), "deep": {"x": 1}})
    found = values(known_event_types, "artifact.created")
    loss = found.pop("artifact_metadata.loss")
    assert isinstance(loss, float)
    assert math.isnan(loss)
    assert found == {
        "artifact_collection_name": "model",
        "artifact_version": "wandb-artifact://_id/"
        + base64.b64encode(f"Artifact:{entry.version_id}".encode()).decode(),
        "artifact_version_string": "acme/mnist/model:v0",
        "artifact_version_index": 0,
        "artifact_metadata.accuracy": 0.97,
        "artifact_metadata.deep": {"x": 1},
    }


def test_the_path_of_an_alias_event_has_the_alias(known_event_types: Any, model: Collection) -> None:
    services.add_aliases(made(model, "a"), ["production"])
    found = values(known_event_types, "artifact.alias_added")
    assert (found["alias"], found["artifact_version_string"]) == ("production", "acme/mnist/model:production")
    assert last(known_event_types, "artifact.alias_added").subject.facts["alias"] == "production"


def test_in_a_registry_names_and_numbers_are_those_of_the_registry(
    known_event_types: Any, model: Collection, production: Collection
) -> None:
    made(model, "a")
    version = made(model, "b").version
    services.link(version, production)
    context = last(known_event_types, "artifact.linked")
    facts = context.subject.facts
    assert values(known_event_types, "artifact.linked")["artifact_version_string"] == (
        "research/wandb-registry-models/production:v0"
    )
    assert (facts["entity_name"], facts["project_name"]) == ("research", "wandb-registry-models")
    assert (facts["made_as"], facts["made_by_team"], facts["id"]) == ("acme/mnist/model:v1", "acme", version.pk)
    assert context.subject.url == "/registry/research/models/collections/production/v0"


def test_an_unlinked_version_still_has_the_aliases_it_had(
    known_event_types: Any, model: Collection, production: Collection
) -> None:
    services.unlink(services.link(made(model, "a").version, production, aliases=["live"]).entry)
    assert last(known_event_types, "artifact.unlinked").subject.facts["aliases"] == ["latest", "live"]


@pytest.mark.parametrize("key", ["artifact.tag_added", "artifact.tag_removed"])
def test_the_variables_of_a_tag_event_have_the_tag(known_event_types: Any, model: Collection, key: str) -> None:
    entry = made(model, "a")
    services.add_tags(entry, ["eu"])
    services.remove_tags(entry, ["eu"])
    assert values(known_event_types, key)["tag"] == "eu"
    assert last(known_event_types, key).subject.facts["tag"] == "eu"


@pytest.mark.parametrize("key", ["collection.tag_added", "collection.tag_removed"])
def test_the_variables_of_a_collection_tag_event(known_event_types: Any, model: Collection, key: str) -> None:
    services.add_collection_tags(model, ["eu", "us"])
    services.remove_collection_tags(model, ["us"])
    context = last(known_event_types, key)
    assert values(known_event_types, key) == {"artifact_collection_name": "model", "tag": "us"}
    assert (context.subject.key, context.subject.label) == (f"collection:{model.pk}", "acme/mnist/model")
    assert context.subject.facts["type"] == "model"


def test_every_variable_has_a_value_and_every_value_a_variable(
    known_event_types: Any, model: Collection, production: Collection
) -> None:
    entry = made(model, "a", metadata={"KEY": 1}, tags=["eu"])
    services.remove_tags(entry, ["eu"])
    services.unlink(services.link(entry.version, production).entry)
    services.add_collection_tags(model, ["eu"])
    services.remove_collection_tags(model, ["eu"])
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert len(kinds) == 8
    for kind in kinds:
        assert set(values(known_event_types, kind)) == {
            variable.name for variable in known_event_types.get(kind).variables
        }


def test_an_event_whose_collection_is_gone_is_left_out(known_event_types: Any, model: Collection) -> None:
    made(model, "a")
    events = list(Event.objects.filter(kind="artifact.created"))
    model.delete()
    assert known_event_types.get("artifact.created").contexts(events) == {}


def test_a_hundred_event_contexts_take_as_many_queries_as_one(known_event_types: Any, world: World) -> None:
    for number in range(10):
        collection, _created = services.get_or_create_collection(world.project, f"model-{number}", "model")
        for digest in ("a", "b"):
            made(collection, digest, run=world.run(f"r{number}"), by=world.users["bob"])
    events = list(Event.objects.filter(kind="artifact.created"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = known_event_types.get("artifact.created").contexts(events)
    assert (len(found), len(queries)) == (20, 2)
