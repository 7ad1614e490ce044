"""Every edge of the graph, walked by everybody: who finds what, and that each type of the schema has a guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q

from artifacts.models import Version, VersionFile
from projects.file_storage import signed_links
from projects.models import StoredFile
from tests.access.graph_guesses import guesses
from tests.access.graph_mutations import MUTATIONS, filled, slots
from tests.access.graph_scene import CANARY, COLLEAGUES, LINKED_TO, OWNERS, PEOPLE, Scene, grow
from tests.access.graph_walk import Answer, Walk
from wandb_api.graphql import object_guards
from wandb_api.graphql.schema import schema

pytestmark = pytest.mark.any_database

# What W&B has and Runbell has not: it stands in the schema because documents of the SDK name it.
NEVER_GIVEN = {
    "UploadMultipartUrls", "UploadUrlPart", "RunQueue", "QueueJobTriggeredAction",
    "ARIATriggeredAction", "PushNotificationTriggeredAction", "GitHubOAuthIntegration",
}  # fmt: skip


@pytest.fixture(scope="module")
def walks(shared_scene: Scene, django_db_blocker: Any) -> dict[str, Walk]:
    with django_db_blocker.unblock():
        asked = guesses(shared_scene)
        return {name: Walk(shared_scene.people[name], asked).from_root() for name in PEOPLE}


def mutations_of(scene: Scene, person: str, owner: str) -> Iterator[Walk]:
    """Send each mutation with what a team has, and walk on from what it gives; each finds the scene as it was."""
    names, silent = slots(scene, owner), {f"Mutation.{name}": [] for name in MUTATIONS}
    for mutation, inputs in MUTATIONS.items():
        for one in inputs:
            with transaction.atomic():
                asked = {**guesses(scene), **silent, f"Mutation.{mutation}": [{"input": filled(one, names)}]}
                yield Walk(scene.people[person], asked).from_root("Mutation", most=3)
                transaction.set_rollback(True)


def leaks(scene: Scene, person: str, answers: Iterator[Answer] | Any) -> list[str]:
    found = []
    for answer in answers:
        words = {word.rstrip(".") for word in CANARY.findall(answer.said)}
        found += [f"{answer.path} -> {word}" for word in sorted(words) if not scene.is_told(word, person)]
    return found


def said_of(answers: dict[str, Answer]) -> dict[str, str]:
    """Give what was said, but for lists of people: there an organization has one more."""
    return {key: one.said for key, one in answers.items() if not one.path.startswith("Query.users")}


def test_every_type_has_a_guard_or_is_said_to_hold_nothing_of_its_own() -> None:
    how = "Give it a guard in wandb_api/resolvers/visibility.py, or name it among its containers."
    assert object_guards.unguarded_types(schema) == [], how
    assert object_guards.unused_guards(schema) == []


def test_every_field_asks_a_guard() -> None:
    fields = [
        (kind.name, name, field) for kind in object_guards.object_types(schema) for name, field in kind.fields.items()
    ]
    asks = object_guards._GuardedField
    assert [f"{kind}.{name}" for kind, name, field in fields if not isinstance(field.resolve.__self__, asks)] == []


@pytest.mark.parametrize("person", PEOPLE)
def test_no_edge_leads_to_a_word_of_others(scene: Scene, walks: dict[str, Walk], person: str) -> None:
    walk = walks[person]
    print(f"{person} walked {len(walk.answers)} edges, {walk.deepest} objects deep")
    assert leaks(scene, person, walk.answers.values()) == []


@pytest.mark.parametrize("person", PEOPLE)
def test_no_edge_gives_a_link_to_a_file_of_others(scene: Scene, walks: dict[str, Walk], person: str) -> None:
    mine = [team.pk for name, team in scene.teams.items() if name in PEOPLE[person]]
    linked = [scene.versions["blue"][int(number[1])].pk for number in LINKED_TO.get(person, ())]
    told = Q(pk__in=VersionFile.objects.filter(version__in=linked).values("content"))
    told |= Q(pk__in=Version.objects.filter(pk__in=linked).values("manifest"))
    allowed = set(StoredFile.objects.filter(Q(team__in=mine) | told).values_list("pk", flat=True))
    tokens = {token for answer in walks[person].answers.values() for kind, token in answer.links if kind == "fetch"}
    given = {stored.pk for stored in map(signed_links.stored_file_of, tokens) if stored is not None}
    assert given <= allowed
    assert bool(given) == bool(mine)


def test_walks_go_at_least_six_objects_deep(walks: dict[str, Walk]) -> None:
    assert min(walks[person].deepest for person in ("viewer", "registry-member", "all-seeing")) >= 6


def test_a_link_tells_what_it_links(scene: Scene, walks: dict[str, Walk]) -> None:
    for person, numbers in LINKED_TO.items():
        words = {word.rstrip(".") for one in walks[person].answers.values() for word in CANARY.findall(one.said)}
        told = {
            f"bluezq-{number}-{kind}" for number in numbers for kind in ("description", "metadata", "value", "file.bin")
        }
        assert {word for word in words if word.startswith("bluezq")} == told | {
            "bluezq-team", "bluezq-project", "bluezq-made", "bluezq-type", *COLLEAGUES[person],
        }  # fmt: skip


def test_every_edge_of_the_schema_is_reached_by_somebody(scene: Scene, walks: dict[str, Walk]) -> None:
    reached = {answer.edge for walk in walks.values() for answer in walk.answers.values() if answer.is_reached}
    refused = {}
    walked = sum(len(walk.answers) for walk in walks.values())
    for walk in mutations_of(scene, "all-seeing", "red"):
        reached |= {answer.edge for answer in walk.answers.values() if answer.is_reached}
        refused.update({one.edge: one.said for one in walk.answers.values() if one.type == "Mutation"})
        walked += len(walk.answers)
    print(f"{walked} edges walked by {len(walks)} people; {len(reached)} of them different in the schema")
    all_edges = {f"{kind.name}.{name}" for kind in object_guards.object_types(schema) for name in kind.fields}
    never = {edge for edge in all_edges if edge.partition(".")[0] in NEVER_GIVEN}
    unreached = {edge: refused.get(edge, "") for edge in all_edges - reached - never}
    assert unreached == {}, "Let the scene hold what leads there."
    assert reached & never == set(), "Somebody is given it now: take it out of NEVER_GIVEN."


def test_every_mutation_is_sent() -> None:
    assert MUTATIONS.keys() == schema.mutation_type.fields.keys()  # type: ignore[union-attr]


@pytest.mark.parametrize("person", [person for person in PEOPLE if person != "all-seeing"])
def test_no_mutation_answers_a_word_of_others(scene: Scene, person: str) -> None:
    for owner in ("blue", "green"):
        for walk in mutations_of(scene, person, owner):
            answers = [one for one in walk.answers.values() if one.type != "Query"]
            assert leaks(scene, person, answers) == []


@pytest.mark.parametrize("person", ["outsider", "viewer", "registry-member", "former"])
def test_what_other_teams_add_changes_no_answer(scene: Scene, walks: dict[str, Walk], person: str) -> None:
    asked = guesses(scene)
    with transaction.atomic():
        grow(scene)
        after = Walk(scene.people[person], asked).from_root().answers
        transaction.set_rollback(True)
    before = walks[person].answers
    assert said_of(after) == said_of(before)


def test_the_scene_says_whose_each_word_is(scene: Scene, walks: dict[str, Walk]) -> None:
    said = "".join(answer.said for answer in walks["all-seeing"].answers.values())
    assert {word.partition("zq")[0] for word in CANARY.findall(said)} == set(OWNERS)
