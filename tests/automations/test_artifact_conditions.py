"""Conditions on aliases and tags, judged by the engine for what really happens to versions and collections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from artifacts import services as artifacts
from automations.models import Execution
from automations.tasks import work
from events import event_types
from projects.runs.lifecycle import finish_run
from tests.automations.places import AUTOMATIONS, CAUSES, Places, listen

INPUTS = json.loads((Path(__file__).parents[1] / "data" / "automation_inputs.json").read_text())
# The scope of the SDK's objects, here.
SCOPES = {
    "Project": "project", "Entity": "team", "ArtifactSequence": "collection", "ArtifactPortfolio": "registry_collection"
}  # fmt: skip
PRODUCTION = {"type": "alias", "pattern": "^production$"}


def where(**document: Any) -> dict[str, Any]:
    return {"type": "artifact_filter", "document": document}


def fired() -> list[tuple[str, Any, Any]]:
    """Give the version, alias and tag of each execution, once everything that waits is judged."""
    work()
    rows = Execution.objects.order_by("id").values_list("kept_variables", flat=True)
    return [(row["artifact_version_index"], row["alias"], row["tag"]) for row in rows]


def test_an_alias_regex_fires_for_the_alias_that_matches_and_no_other(places: Places, api: APIClient) -> None:
    listen(api, "collection", "ADD_ARTIFACT_ALIAS", PRODUCTION)
    artifacts.add_aliases(places.first(places.made), ["production-eu", "production", "staging"])
    assert fired() == [(0, "production", None)]


def test_an_alias_that_moves_fires_for_the_version_it_moves_to(places: Places, api: APIClient) -> None:
    listen(api, "collection", "ADD_ARTIFACT_ALIAS", PRODUCTION)
    artifacts.add_aliases(places.first(places.made), ["production"])
    second = places.new()
    for _ in range(2):
        artifacts.add_aliases(second, ["production"])
    assert fired() == [(0, "production", None), (1, "production", None)]


def test_latest_fires_for_each_new_version(places: Places, api: APIClient) -> None:
    listen(api, "project", "ADD_ARTIFACT_ALIAS", {"type": "alias", "pattern": "^latest$"})
    for digest in ("b", "c", "c"):
        places.new(digest)
    assert fired() == [(1, "latest", None), (2, "latest", None)]


def test_a_version_linked_with_aliases_fires_once_for_the_link_and_once_for_each_alias(
    places: Places, api: APIClient
) -> None:
    listen(api, "registry", "LINK_MODEL", name="linked")
    listen(api, "registry", "ADD_ARTIFACT_ALIAS", name="aliased")
    places.link_new(aliases=["production", "eu"])
    assert fired() == [(1, None, None), (1, "latest", None), (1, "production", None), (1, "eu", None)]


@pytest.mark.parametrize("condition", [PRODUCTION, where(alias="production"), where(alias={"$regex": "^prod"})])
def test_a_link_is_judged_by_all_aliases_it_came_with(
    places: Places, api: APIClient, condition: dict[str, Any]
) -> None:
    listen(api, "registry_collection", "LINK_MODEL", condition)
    places.link_new(aliases=["staging"])
    artifacts.link(places.new("b").version, places.production, aliases=["eu", "production"])
    assert [version for version, _alias, _tag in fired()] == [2]


@pytest.mark.parametrize(
    ("event", "condition"),
    [
        ("CREATE_ARTIFACT", {"type": "tag", "pattern": "^eu"}),
        ("CREATE_ARTIFACT", where(tag={"$in": ["eu", "us"]})),
        ("CREATE_ARTIFACT", where(**{"$or": [{"$and": [{"tag": {"$eq": "eu"}}]}]})),
        ("CREATE_ARTIFACT", where(alias="best", tag={"$ne": "us"})),
    ],
)
def test_a_new_version_is_judged_by_the_aliases_and_tags_it_came_with(
    places: Places, api: APIClient, event: str, condition: dict[str, Any]
) -> None:
    listen(api, "collection", event, condition)
    places.new("b", tags=["us-not"])
    places.new("c", tags=["eu"], aliases=["best"])
    artifacts.add_tags(places.first(places.made), ["eu"])
    assert [version for version, _alias, _tag in fired()] == [2]


@pytest.mark.parametrize("condition", [{"type": "tag", "pattern": "^eu"}, where(tag={"$regex": "^eu"})])
def test_a_tag_that_was_removed_is_judged_and_not_those_that_stay(
    places: Places, api: APIClient, condition: dict[str, Any]
) -> None:
    listen(api, "collection", "REMOVE_ARTIFACT_TAG", condition)
    first = places.first(places.made)
    artifacts.add_tags(first, ["europe", "eu"])
    artifacts.remove_tags(first, ["old"])
    artifacts.remove_tags(first, ["europe", "missing"])
    assert fired() == [(0, None, "europe")]


@pytest.mark.parametrize("event", ["ADD_COLLECTION_TAG", "REMOVE_COLLECTION_TAG"])
def test_a_collections_own_tags_are_judged(places: Places, api: APIClient, event: str) -> None:
    listen(api, "registry", event, where(tag={"$in": ["eu", "us"]}))
    artifacts.add_collection_tags(places.production, ["asia", "eu"])
    artifacts.remove_collection_tags(places.production, ["asia", "eu"])
    artifacts.add_tags(places.first(places.production), ["us"])
    assert [tag for _version, _alias, tag in fired()] == ["eu"]


def test_every_condition_must_hold(places: Places, api: APIClient) -> None:
    listen(api, "registry", "ADD_ARTIFACT_ALIAS", PRODUCTION, where(tag="checked"))
    first = places.first(places.production)
    artifacts.add_aliases(first, ["production"])
    checked = places.link_new(tags=["checked"])
    artifacts.add_aliases(checked, ["staging", "production"])
    assert fired() == [(1, "production", None)]


def test_a_run_filter_is_judged_in_every_scope_of_runs(places: Places, api: APIClient) -> None:
    wanted = {"type": "run_filter", "document": {"config.lr": {"$gt": 0.01}, "tags": "nightly"}}
    for scope in ("project", "team", "organization"):
        listen(api, scope, "RUN_STATE", *CAUSES["RUN_STATE"].conditions, wanted)
    for name, rate, tags in (("slow", 0.001, ["nightly"]), ("daily", 0.1, []), ("wanted", 0.1, ["nightly"])):
        finish_run(places.world.run(name, config={"lr": rate}, tags=tags), 1)
    work()
    assert list(Execution.objects.values_list("subject_label", flat=True)) == ["wanted"] * 3


@pytest.mark.parametrize("key", INPUTS)
def test_a_filter_of_the_sdk_reads_back_equal_over_rest(places: Places, api: APIClient, key: str) -> None:
    sent = INPUTS[key]
    event = event_types.by_wire_name(sent["eventType"])
    stored = json.loads(sent["eventFilter"])
    document = json.loads(stored["run_filter"]) if event.about == "run" else stored
    condition = {"type": "run_filter" if event.about == "run" else "artifact_filter", "document": document}
    made = listen(api, SCOPES[sent["scope"]], event.wire, *CAUSES[event.wire].conditions, condition)
    assert made.status_code == 201, made.json()
    shown = api.get(f"{AUTOMATIONS}/{made.json()['id']}").json()
    assert shown["conditions"][-1] == condition
    again = api.put(f"{AUTOMATIONS}/{shown['id']}", {**body_of(shown)}, format="json")
    assert again.json()["conditions"] == shown["conditions"]


def body_of(shown: dict[str, Any]) -> dict[str, Any]:
    """Give what was shown as it can be sent back."""
    read_only = ("id", "sentence", "problem", "created_at", "updated_at")
    return {name: value for name, value in shown.items() if name not in read_only}
