"""Changing and deleting versions and collections."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from artifacts import editing
from artifacts.lineage import input_versions, output_versions, record_use, runs_using
from artifacts.models import Collection, Entry, Version
from artifacts.services import add_aliases, link
from common.data.validation_errors import Conflict
from tests.artifacts.making import aliases_of, events_after, made, refused
from tests.world import World


def test_a_version_is_described_anew(model: Collection) -> None:
    version = made(model, "d1", metadata={"acc": 0.9}, description="old").version
    editing.change_version(version, metadata={"acc": 1.0})
    assert (version.description, version.metadata) == ("old", {"acc": 1.0})
    editing.change_version(version, description="")
    assert Version.objects.get().description == ""


def test_a_tag_goes_to_each_collection_and_is_told_in_each(
    model: Collection,
    production: Collection,
) -> None:
    entry = made(model, "d1")
    linked = link(entry.version, production).entry
    before = len(events_after())
    editing.change_tags([linked, entry], add=["europe"])
    assert (entry.tag_names, linked.tag_names) == (["europe"], ["europe"])
    editing.change_tags([linked, entry], remove=["europe"])
    assert events_after(before) == [("artifact.tag_added", "europe")] * 2 + [("artifact.tag_removed", "europe")] * 2


def test_aliases_said_all_at_once_replace_the_others_but_latest(model: Collection) -> None:
    entry = made(model, "d1", aliases=["old", "both"])
    before = len(events_after())
    editing.set_aliases(entry, ["both", "new", "latest"])
    assert aliases_of(model) == {"latest": "v0", "both": "v0", "new": "v0"}
    assert events_after(before) == [("artifact.alias_added", "new")]


def test_a_collection_is_renamed_unless_the_name_is_taken(model: Collection) -> None:
    model.owner.collections.create(name="other", type="model")
    assert editing.change_collection(model, name="better", description="Ours").name == "better"
    with pytest.raises(Conflict) as error:
        editing.change_collection(model, name="other")
    assert refused(error) == {
        "name": ["There is a collection 'other' beside acme/mnist/better already. Choose another name."]
    }


def test_a_name_that_cannot_be_one_is_refused(model: Collection) -> None:
    with pytest.raises(ValidationError, match="is no usable name"):
        editing.change_collection(model, name="a/b")
    model.refresh_from_db()
    assert model.name == "model"


def test_a_collection_whose_versions_are_linked_keeps_its_type(
    model: Collection,
    production: Collection,
) -> None:
    link(made(model, "d1").version, production)
    with pytest.raises(Conflict, match="Unlink them first"):
        editing.change_type(model, "dataset")
    editing.delete_collection(production)
    assert editing.change_type(model, "dataset").type == "dataset"


def test_a_version_with_aliases_is_deleted_only_with_them(model: Collection) -> None:
    version = made(model, "d1", aliases=["production"]).version
    with pytest.raises(Conflict, match=r"acme/mnist/model:v0 has the aliases latest, production"):
        editing.delete_version(version)
    assert model.versions.count() == 1


def test_a_deleted_version_is_unlinked_and_latest_goes_back(
    model: Collection,
    production: Collection,
) -> None:
    made(model, "d1")
    newest = made(model, "d2").version
    link(newest, production)
    before = len(events_after())
    editing.delete_version(newest, with_aliases=True)
    assert events_after(before) == [("artifact.unlinked", ""), ("artifact.alias_added", "latest")]
    assert (aliases_of(model), aliases_of(production)) == ({"latest": "v0"}, {})


def test_a_deleted_collection_takes_what_was_made_in_it_along(
    model: Collection,
    production: Collection,
) -> None:
    link(made(model, "d1").version, production)
    editing.delete_collection(model)
    assert (Version.objects.count(), Entry.objects.count()) == (0, 0)
    assert list(Collection.objects.all()) == [production]


def test_a_deleted_portfolio_leaves_what_was_linked_into_it(
    model: Collection,
    production: Collection,
) -> None:
    version = made(model, "d1").version
    link(version, production)
    before = len(events_after())
    editing.delete_collection(production)
    assert events_after(before) == [("artifact.unlinked", "")]
    assert list(Version.objects.all()) == [version]


def test_a_run_that_uses_a_version_twice_used_it_once(world: World, model: Collection) -> None:
    maker, user = world.run("maker"), world.run("user")
    version = made(model, "d1", run=maker).version
    record_use(version, user)
    record_use(version, user)
    assert list(runs_using(version)) == [user]
    assert (list(input_versions(user)), list(output_versions(maker)), list(input_versions(maker))) == (
        [version],
        [version],
        [],
    )


def test_the_alias_latest_is_not_deleted_with_others(model: Collection) -> None:
    entry = made(model, "d1")
    add_aliases(entry, ["production"])
    editing.set_aliases(entry, [])
    assert aliases_of(model) == {"latest": "v0"}
