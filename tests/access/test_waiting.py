"""What waits for its deletion, along every edge of the graph, page and address of REST: no word of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.access.graph_scene import Scene, make_scene
from tests.access.graph_walk import Walk
from tests.access.test_foreign_words import GET_ROUTES, body_of, client_of
from tests.access.waiting_scene import BY_LINK, WORD, let_wait, waiting_guesses

pytestmark = pytest.mark.any_database

PEOPLE = ("all-seeing", "registry-member")
# What was deleted says so by its id, with its number and the name of its collection, to who could see it.
BY_ID = {"waitzq-made", "waitzq-box", "waitzq-type", "waitzq-hall-red"}
DIGESTS = {"waitzq-box-digest", "waitzq-late-digest"}
# Where it is undone, by who may; and what was done, by whom.
ABOUT_IT = ("profile/deletions", "api/v1/deletions", "audit")


@pytest.fixture(scope="module")
def waiting(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=[hasher]), transaction.atomic():
        scene = make_scene()
        let_wait(scene)
        yield scene
        transaction.set_rollback(True)


@pytest.mark.parametrize("person", PEOPLE)
def test_no_edge_of_the_graph_leads_to_it(waiting: Scene, db: None, person: str) -> None:
    walk = Walk(waiting.people[person], waiting_guesses(waiting)).from_root()
    found = []
    for answer in walk.answers.values():
        by_id = answer.path.startswith(("Query.artifact(", "Query.artifactCollection("))
        told = BY_LINK | (BY_ID | DIGESTS if by_id else set())
        words = {word.rstrip(".") for word in WORD.findall(answer.said)} - told
        found += [f"{answer.path} -> {word}" for word in sorted(words)]
    assert found == []
    assert len(walk.answers) > 1000


def named() -> dict[str, list[str]]:
    return {
        "team": ["redzq-team", "waitzq-team"], "entity": ["redzq-team", "waitzq-team"],
        "project": ["redzq-project", "waitzq-project", "waitzq-inner"], "run": ["redzq-run", "waitzq-run"],
        "username": ["redzq-ann"], "event": ["RUN_STATE", "CREATE_ARTIFACT"], "organization": ["northzq"],
        "registry": ["openzq", "waitzq-hall"],
        "collection": ["redzq-made", "waitzq-made", "waitzq-box", "openzq-red", "openzq-wait", "redzq-of-waiting"],
        "version": ["v0", "v3"], "alias": ["waitzq-late-alias"], "tag": ["waitzq-late-tag"], "type": ["redzq-type"],
        "workspace": ["T1"], "name": ["redzq-hook"], "md5": ["0" * 32], "token": ["x"], "rest": ["x"],
        "kind": ["webhook"],
    }  # fmt: skip


def addresses(route: str) -> Iterator[str]:
    found = [route]
    for place, values in named().items():
        for written in (f"<str:{place}>", f"<path:{place}>"):
            found = [one.replace(written, value) for one in found for value in values] if written in route else found
    numbers = range(1, 13) if "<int:pk>" in route else (0,)
    found = [one.replace("<int:pk>", str(number)) for one in found for number in numbers]
    for search in ("", "?q=waitzq&search=waitzq") if route.count("<") < 2 else ("",):
        yield from (f"/{one}{search}" for one in found)


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_and_no_address_of_rest_tells_of_it(waiting: Scene, db: None, person: str) -> None:
    found = []
    for route in GET_ROUTES:
        if any(part in route for part in ABOUT_IT):
            continue
        client = client_of(waiting, person, route)
        for address in dict.fromkeys(addresses(route)):
            asked = set(WORD.findall(address))
            words = {word.rstrip(".") for word in WORD.findall(body_of(client.get(address)))} - asked - BY_LINK
            found += [f"{address}: {word}" for word in sorted(words)]
    assert found == []


def test_who_may_undo_it_finds_it_among_the_deletions(waiting: Scene, db: None) -> None:
    client = client_of(waiting, "all-seeing", "profile/deletions")
    body = body_of(client.get("/profile/deletions"))
    assert {"waitzq-project", "waitzq-hall", "waitzq-team", "waitzq-run", "waitzq-box"} <= set(WORD.findall(body))
    assert "redzq-made:v3" in body
