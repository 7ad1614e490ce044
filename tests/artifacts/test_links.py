"""Versions linked into other collections, with numbers, aliases and tags of their own there."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from artifacts import services
from artifacts.models import Collection, Entry
from common.data.validation_errors import Conflict
from events.models import Event
from tests.artifacts.making import aliases_of, events_after, made, refused
from tests.world import World


def test_a_linked_version_has_aliases_and_tags_of_its_own(model: Collection, production: Collection) -> None:
    entry = made(model, "a", aliases=["best"], tags=["eu"])
    linked = services.link(entry.version, production, aliases=["live"], tags=["checked"]).entry
    assert (linked.alias_names, linked.tag_names) == (["latest", "live"], ["checked"])
    assert (entry.alias_names, entry.tag_names) == (["best", "latest"], ["eu"])
    assert str(linked) == "research/wandb-registry-models/production:v0"


def test_a_linked_version_is_numbered_in_its_new_collection(model: Collection, production: Collection) -> None:
    made(model, "a")
    second = made(model, "b")
    linked = services.link(second.version, production).entry
    assert (second.index, linked.index, linked.version) == (1, 0, second.version)


def test_a_link_its_aliases_and_its_tags_are_one_event_each_in_this_order(
    world: World, model: Collection, production: Collection
) -> None:
    version = made(model, "a").version
    before = Event.objects.count()
    services.link(version, production, aliases=["latest", "live"], tags=["eu"], by=world.users["bob"])
    assert events_after(before) == [
        ("artifact.linked", ""),
        ("artifact.alias_added", "latest"),
        ("artifact.alias_added", "live"),
        ("artifact.tag_added", "eu"),
    ]


def test_what_happens_in_a_registry_happens_to_no_team(world: World, model: Collection, production: Collection) -> None:
    services.link(made(model, "a").version, production)
    event = Event.objects.latest("id")
    assert event.scopes == [
        f"collection:{production.pk}",
        f"registry:{production.registry_id}",
        f"organization:{world.team.organization_id}",
    ]
    assert (event.team, event.stream) == (world.team, f"collection:{production.pk}")


def test_linking_again_adds_only_what_is_new(model: Collection, production: Collection) -> None:
    version = made(model, "a").version
    first = services.link(version, production, aliases=["live"])
    before = Event.objects.count()
    again = services.link(version, production, aliases=["live", "best"])
    assert (first.created, again.created, again.entry) == (True, False, first.entry)
    assert events_after(before) == [("artifact.alias_added", "best")]


def test_a_version_of_another_type_is_not_linked(world: World, production: Collection) -> None:
    dataset, _created = services.get_or_create_collection(world.project, "digits", "dataset")
    version = made(dataset, "a").version
    with pytest.raises(Conflict) as error:
        services.link(version, production)
    assert refused(error) == {
        "version": [
            "acme/mnist/digits:v0 is of the type 'dataset', and research/wandb-registry-models/production holds "
            "'model' only. Choose another collection."
        ]
    }
    assert production.entries.count() == 0


def test_nothing_is_linked_where_versions_are_made(world: World, model: Collection) -> None:
    other, _created = services.get_or_create_collection(world.project, "other", "model")
    with pytest.raises(ValidationError) as error:
        services.link(made(other, "a").version, model)
    assert refused(error) == {
        "collection": ["Versions are made in acme/mnist/model, not linked into it. Choose another collection."]
    }


def test_nothing_is_made_where_versions_are_linked(production: Collection) -> None:
    with pytest.raises(ValidationError) as error:
        services.create_version(production, "a")
    assert refused(error) == {
        "collection": [
            "Versions are linked into research/wandb-registry-models/production, not made in it. "
            "Choose another collection."
        ]
    }


def test_a_project_may_hold_links_too(world: World, model: Collection) -> None:
    target, _created = services.get_or_create_collection(world.project, "picked", "model", holds_links=True)
    services.link(made(model, "a").version, target)
    assert Event.objects.latest("id").scopes[:2] == [f"collection:{target.pk}", f"project:{world.project.pk}"]


def test_unlinking_tells_what_there_was_and_leaves_the_version(model: Collection, production: Collection) -> None:
    entry = made(model, "a")
    linked = services.link(entry.version, production, aliases=["live"], tags=["eu"]).entry
    before = Event.objects.count()
    assert services.unlink(linked)
    assert events_after(before) == [("artifact.unlinked", "")]
    assert Event.objects.latest("id").data == {
        "collection": production.pk,
        "version": entry.version_id,
        "index": 0,
        "aliases": ["latest", "live"],
        "tags": ["eu"],
    }
    assert list(Entry.objects.all()) == [entry]


def test_after_unlinking_latest_is_the_newest_that_is_left(model: Collection, production: Collection) -> None:
    first, second = (services.link(made(model, digest).version, production).entry for digest in ("a", "b"))
    before = Event.objects.count()
    services.unlink(second)
    assert aliases_of(production) == {"latest": "v0"}
    assert events_after(before) == [("artifact.unlinked", ""), ("artifact.alias_added", "latest")]
    assert Event.objects.latest("id").data["version"] == first.version_id


def test_unlinking_an_older_version_moves_nothing(model: Collection, production: Collection) -> None:
    first, _second = (services.link(made(model, digest).version, production).entry for digest in ("a", "b"))
    before = Event.objects.count()
    services.unlink(first)
    assert (aliases_of(production), events_after(before)) == ({"latest": "v1"}, [("artifact.unlinked", "")])


def test_a_number_is_never_used_again(model: Collection, production: Collection) -> None:
    version = made(model, "a").version
    services.unlink(services.link(version, production).entry)
    assert services.link(version, production).entry.index == 1


def test_unlinking_twice_tells_once(model: Collection, production: Collection) -> None:
    linked = services.link(made(model, "a").version, production).entry
    same = Entry.objects.get(pk=linked.pk)
    before = Event.objects.count()
    assert [services.unlink(linked), services.unlink(same)] == [True, False]
    assert events_after(before) == [("artifact.unlinked", "")]


def test_a_version_that_was_unlinked_meanwhile_gets_no_alias(model: Collection, production: Collection) -> None:
    linked = services.link(made(model, "a").version, production).entry
    same = Entry.objects.get(pk=linked.pk)
    services.unlink(linked)
    with pytest.raises(Conflict) as error:
        services.add_aliases(same, ["live"])
    assert refused(error) == {
        "version": ["v0 was unlinked from research/wandb-registry-models/production meanwhile. Link it again first."]
    }


def test_a_version_cannot_be_unlinked_where_it_was_made(model: Collection) -> None:
    entry = made(model, "a")
    with pytest.raises(ValidationError) as error:
        services.unlink(entry)
    assert refused(error) == {
        "version": [
            "acme/mnist/model:v0 was made in this collection, not linked into it. Unlink it where it is linked."
        ]
    }
    assert Entry.objects.get() == entry


def test_a_tag_of_a_registrys_collection_is_told_to_the_organization(world: World, production: Collection) -> None:
    services.add_collection_tags(production, ["eu"])
    event = Event.objects.get()
    assert (event.scopes, event.team) == (production.scopes, world.team)


def test_an_organization_without_teams_hears_nothing(world: World, production: Collection) -> None:
    world.team.organization.teams.all().delete()
    assert services.add_collection_tags(production, ["eu"]) == ["eu"]
    assert Event.objects.count() == 0
