"""Aliases and tags of versions: who has them, what moves, what is told, what is refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from artifacts import services
from artifacts.models import Collection, CollectionTag, Entry, Tag
from events.models import Event
from tests.artifacts.making import aliases_of, events_after, made, refused

OF_ALIASES = "use 1 to 128 characters, without / and :, and spaces only between them."
OF_TAGS = "use 1 to 128 letters, digits, hyphens and underscores, and spaces only between them."


@pytest.fixture
def entry(model: Collection) -> Entry:
    """v0 of the model, with `latest`."""
    return made(model, "a")


def test_an_alias_moves_away_from_the_version_that_had_it(model: Collection, entry: Entry) -> None:
    services.add_aliases(entry, ["production"])
    second = made(model, "b")
    assert services.add_aliases(second, ["production"]) == ["production"]
    assert aliases_of(model) == {"latest": "v1", "production": "v1"}


def test_adding_an_alias_again_tells_nothing(entry: Entry) -> None:
    services.add_aliases(entry, ["production"])
    before = Event.objects.count()
    assert services.add_aliases(entry, ["production", "latest"]) == []
    assert events_after(before) == []


def test_an_alias_event_carries_the_alias_and_all_there_are(entry: Entry) -> None:
    services.add_aliases(entry, ["staging", "best"])
    events = Event.objects.order_by("-id")[:2]
    assert [(event.data["alias"], event.data["aliases"]) for event in events] == [
        ("best", ["best", "latest", "staging"]),
        ("staging", ["best", "latest", "staging"]),
    ]


def test_latest_cannot_be_given_to_an_older_version(model: Collection, entry: Entry) -> None:
    made(model, "b")
    with pytest.raises(ValidationError) as error:
        services.add_aliases(entry, ["best", "latest"])
    assert refused(error) == {"aliases": ["'latest' moves by itself to each new version. Choose another alias."]}
    assert aliases_of(model) == {"latest": "v1"}


def test_latest_cannot_be_removed(model: Collection, entry: Entry) -> None:
    with pytest.raises(ValidationError) as error:
        services.remove_alias(entry, "latest")
    assert refused(error) == {"alias": ["'latest' stays on the newest version. Remove another alias."]}
    assert aliases_of(model) == {"latest": "v0"}


def test_removing_an_alias_is_not_told(model: Collection, entry: Entry) -> None:
    services.add_aliases(entry, ["best"])
    before = Event.objects.count()
    assert [services.remove_alias(entry, "best") for _ in range(2)] == [True, False]
    assert (aliases_of(model), events_after(before)) == ({"latest": "v0"}, [])


def test_the_alias_of_another_version_is_not_removed(model: Collection, entry: Entry) -> None:
    second = made(model, "b", aliases=["best"])
    assert not services.remove_alias(entry, "best")
    assert second.alias_names == ["best", "latest"]


def test_many_versions_may_have_the_same_tag(model: Collection, entry: Entry) -> None:
    second = made(model, "b")
    assert [services.add_tags(one, ["eu"]) for one in (entry, second)] == [["eu"], ["eu"]]
    assert Tag.objects.count() == 2


def test_tags_are_told_one_by_one_and_repeats_are_not(entry: Entry) -> None:
    before = Event.objects.count()
    assert services.add_tags(entry, ["eu", "us", "eu"]) == ["eu", "us"]
    assert services.add_tags(entry, ["us"]) == []
    assert services.remove_tags(entry, ["us", "asia"]) == ["us"]
    assert services.remove_tags(entry, ["us"]) == []
    assert events_after(before) == [
        ("artifact.tag_added", "eu"),
        ("artifact.tag_added", "us"),
        ("artifact.tag_removed", "us"),
    ]
    assert Event.objects.latest("id").data["tags"] == ["eu"]


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        pytest.param("a/b", f"'a/b' is no usable alias: {OF_ALIASES}", id="slash"),
        pytest.param("a:b", f"'a:b' is no usable alias: {OF_ALIASES}", id="colon"),
        pytest.param("", f"'' is no usable alias: {OF_ALIASES}", id="empty"),
        pytest.param(" a", f"' a' is no usable alias: {OF_ALIASES}", id="space before"),
        pytest.param("a\n", f"'a\\n' is no usable alias: {OF_ALIASES}", id="line break"),
        pytest.param("x" * 129, f"{'x' * 129!r} is no usable alias: {OF_ALIASES}", id="too long"),
        pytest.param("v3", "'v3' is how versions are numbered. Choose another alias.", id="a number"),
    ],
)
def test_an_alias_that_cannot_be_one_is_refused(entry: Entry, alias: str, message: str) -> None:
    before = Event.objects.count()
    with pytest.raises(ValidationError) as error:
        services.add_aliases(entry, ["fine", alias])
    assert refused(error) == {"aliases.1": [message]}
    assert (aliases_of(entry.collection), events_after(before)) == ({"latest": "v0"}, [])


@pytest.mark.parametrize("alias", ["x" * 128, "test-set-quality-check", "v", "v03", "V3", "größe 2", "a.b"])
def test_an_alias_may_be_nearly_anything_else(entry: Entry, alias: str) -> None:
    assert services.add_aliases(entry, [alias]) == [alias]


@pytest.mark.parametrize("tag", ["", " eu", "eu ", "a/b", "a.b", "eu\n", "x" * 129])
def test_a_tag_that_cannot_be_one_is_refused(entry: Entry, tag: str) -> None:
    before = Event.objects.count()
    for refuse_it in (
        lambda: services.add_tags(entry, ["fine", tag]),
        lambda: services.add_collection_tags(entry.collection, ["fine", tag]),
        lambda: services.create_version(entry.collection, "b", tags=["fine", tag]),
    ):
        with pytest.raises(ValidationError) as error:
            refuse_it()
        assert refused(error) == {"tags.1": [f"{tag!r} is no usable tag: {OF_TAGS}"]}
    assert (Tag.objects.count(), CollectionTag.objects.count(), Entry.objects.count(), events_after(before)) == (
        0,
        0,
        1,
        [],
    )


@pytest.mark.parametrize("tag", ["x" * 128, "europe-2", "two  words", "_", "größe"])
def test_a_tag_may_have_words(entry: Entry, tag: str) -> None:
    assert services.add_tags(entry, [tag]) == [tag]


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "..", ".", " a", "a ", "a\n", "a#b"])
def test_a_collection_name_that_cannot_be_one_is_refused(model: Collection, name: str) -> None:
    assert model.project is not None
    with pytest.raises(ValidationError) as error:
        services.get_or_create_collection(model.project, name, "model")
    assert list(refused(error)) == ["name"]
    assert Collection.objects.count() == 1


@pytest.mark.parametrize("name", ["run-x7k2p9-table", "a", "x" * 128, ".hidden", "My model v2.1"])
def test_a_collection_name_may_be_what_the_sdk_sends(model: Collection, name: str) -> None:
    assert model.project is not None
    assert services.get_or_create_collection(model.project, name, "model")[1]


def test_a_hundred_metadata_keys_are_taken_and_one_more_is_refused(model: Collection) -> None:
    keys = {f"k{number}": number for number in range(101)}
    with pytest.raises(ValidationError) as error:
        made(model, "a", metadata=keys)
    assert refused(error) == {"metadata": ["101 keys at the top; use at most 100, and nest the others."]}
    keys.popitem()
    assert made(model, "a", metadata=keys).version.metadata == keys


def test_metadata_that_is_nested_too_deep_is_refused(model: Collection) -> None:
    deep: dict[str, object] = {}
    for _ in range(65):
        deep = {"x": deep}
    with pytest.raises(ValidationError) as error:
        made(model, "a", metadata=deep)
    assert refused(error) == {
        "metadata": ["It is nested more than 64 deep. Use fewer lists and objects in each other."]
    }
    assert Entry.objects.count() == 0
