"""Collections and their versions: numbers, digests, aliases, tags, and one event for each change."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from artifacts import services
from artifacts.models import Alias, Collection, Entry, Version
from common.data.validation_errors import Conflict
from events.models import Event
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import create_project
from tests.artifacts.making import aliases_of, events_after, made, refused
from tests.world import World

LATEST = ("artifact.alias_added", "latest")


def test_versions_are_numbered_in_the_order_they_come(model: Collection) -> None:
    assert [str(made(model, digest)) for digest in ("a", "b", "c")] == [
        "acme/mnist/model:v0",
        "acme/mnist/model:v1",
        "acme/mnist/model:v2",
    ]


def test_the_same_digest_again_is_no_new_version(model: Collection) -> None:
    first = services.create_version(model, "a")
    again = services.create_version(model, "a", {"accuracy": 1})
    assert (first.created, again.created, again.entry) == (True, False, first.entry)
    assert Version.objects.get().metadata == {}
    assert events_after() == [("artifact.created", ""), LATEST]


def test_the_same_digest_in_another_collection_is_a_version_there(world: World, model: Collection) -> None:
    other, _created = services.get_or_create_collection(world.project, "other", "model")
    made(model, "a")
    assert services.create_version(other, "a").created


def test_the_same_digest_again_gets_the_aliases_and_tags_but_not_latest(model: Collection) -> None:
    made(model, "a")
    made(model, "b")
    before = Event.objects.count()
    services.create_version(model, "a", aliases=["latest", "best"], tags=["eu"])
    assert aliases_of(model) == {"latest": "v1", "best": "v0"}
    assert events_after(before) == [("artifact.alias_added", "best"), ("artifact.tag_added", "eu")]


def test_a_version_its_aliases_and_its_tags_are_one_event_each_in_this_order(model: Collection) -> None:
    made(model, "a", aliases=["latest", "best", "prod"], tags=["eu", "us"])
    assert events_after() == [
        ("artifact.created", ""),
        LATEST,
        ("artifact.alias_added", "best"),
        ("artifact.alias_added", "prod"),
        ("artifact.tag_added", "eu"),
        ("artifact.tag_added", "us"),
    ]


def test_an_event_says_where_it_happened_and_what_there_was(world: World, model: Collection) -> None:
    entry = made(model, "a", aliases=["best"], tags=["eu"], by=world.users["bob"])
    event = Event.objects.order_by("id").first()
    assert event is not None
    assert event.data == {
        "collection": model.pk,
        "version": entry.version_id,
        "index": 0,
        "aliases": ["best", "latest"],
        "tags": ["eu"],
    }
    assert (event.actor, event.team, event.stream) == ("bob", world.team, f"collection:{model.pk}")
    assert event.scopes == [
        f"collection:{model.pk}",
        f"project:{world.project.pk}",
        f"team:{world.team.pk}",
        f"organization:{world.team.organization_id}",
    ]


def test_latest_moves_by_itself_to_each_new_version(model: Collection) -> None:
    made(model, "a")
    made(model, "b")
    assert aliases_of(model) == {"latest": "v1"}
    assert events_after(2) == [("artifact.created", ""), LATEST]


def test_metadata_keeps_nan_and_infinity(model: Collection) -> None:
    made(model, "a", metadata={"loss": float("nan"), "best": float("-inf"), "deep": {"x": [1]}})
    metadata = Version.objects.get().metadata
    assert math.isnan(metadata.pop("loss"))
    assert metadata == {"best": float("-inf"), "deep": {"x": [1]}}


def test_a_version_knows_the_run_that_made_it(world: World, model: Collection) -> None:
    run = world.run("r1")
    assert made(model, "a", run=run).version.run == run


def test_a_run_of_another_project_is_refused(world: World, model: Collection) -> None:
    run = start_run(create_project(world.team, "other"), "r1", RunDetails(), user=None).run
    with pytest.raises(ValidationError) as error:
        made(model, "a", run=run)
    assert refused(error) == {
        "run": ["The run 'r1' is of another project than acme/mnist/model. Choose one of its own."]
    }
    assert Version.objects.count() == 0


def test_a_rollback_takes_the_version_and_its_events_back(model: Collection) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        made(model, "a", aliases=["best"], tags=["eu"])
        raise RuntimeError
    model.refresh_from_db()
    assert (Version.objects.count(), Alias.objects.count(), Event.objects.count(), model.next_index) == (0, 0, 0, 0)


def test_a_failure_in_the_middle_leaves_nothing(model: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[str] = []

    def fail_at_the_third(kind: str, *_: Any, **__: Any) -> None:
        published.append(kind)
        if len(published) == 3:
            raise IntegrityError

    monkeypatch.setattr("events.ledger.publish", fail_at_the_third)
    with pytest.raises(IntegrityError):
        made(model, "a", aliases=["best"])
    assert (Version.objects.count(), Entry.objects.count(), Alias.objects.count()) == (0, 0, 0)


# Collections ---------------------------------------------------------------------------------------


def test_a_collection_is_made_once(world: World, model: Collection) -> None:
    assert services.get_or_create_collection(world.project, "model", "model") == (model, False)


def test_a_collection_of_another_type_is_a_conflict(world: World, model: Collection) -> None:
    with pytest.raises(Conflict) as error:
        services.get_or_create_collection(world.project, "model", "dataset")
    assert refused(error) == {
        "type": ["acme/mnist/model holds versions of the type 'model', not 'dataset'. Choose another name."]
    }


def test_a_collection_whose_versions_are_made_in_it_cannot_hold_links(world: World, model: Collection) -> None:
    with pytest.raises(Conflict) as error:
        services.get_or_create_collection(world.project, "model", "model", holds_links=True)
    assert refused(error) == {
        "name": [
            "There is a collection acme/mnist/model already, and its versions are made in it. Choose another name."
        ]
    }


def test_the_database_wants_exactly_one_owner(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Collection.objects.create(name="model", type="model")


def test_collection_tags_are_one_event_each(world: World, model: Collection) -> None:
    assert services.add_collection_tags(model, ["eu", "us"], by=world.users["bob"]) == ["eu", "us"]
    assert services.remove_collection_tags(model, ["eu"], by=world.users["bob"]) == ["eu"]
    assert model.tag_names == ["us"]
    assert events_after() == [
        ("collection.tag_added", "eu"),
        ("collection.tag_added", "us"),
        ("collection.tag_removed", "eu"),
    ]
    last = Event.objects.latest("id")
    assert (last.data, last.actor) == ({"collection": model.pk, "tags": ["us"], "tag": "eu"}, "bob")


def test_collection_tags_that_change_nothing_tell_nothing(model: Collection) -> None:
    services.add_collection_tags(model, ["eu"])
    assert services.add_collection_tags(model, ["eu", "eu"]) == []
    assert services.remove_collection_tags(model, ["us"]) == []
    assert events_after() == [("collection.tag_added", "eu")]
