"""REST and pages as everybody, by every name and number of three teams: nobody finds a word of others.

The addresses come from the URL resolver. What they are is told in tests/access/graph_scene.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from automations.models import Automation, Execution
from registries.models import RegistryMember
from teams.models import ApiKey
from teams.notices import team_notices
from tests.access.graph_scene import CANARY, ORGANIZATIONS, PEOPLE, Scene
from tests.access.test_matrix import REST, page_routes, rest_rows
from tests.conftest import as_person
from tests.pages.people import attempt

pytestmark = pytest.mark.any_database

FOREIGN = ("blue", "green")
STRANGERS = [person for person in PEOPLE if person != "all-seeing"]
# Where an automation of their own team listens: an admin of the team, who is in that registry, named it there for the
# team's people, who read what their automations do. Of the registry no more than this name is told (docs/security.md).
OWN_AUTOMATION = {("viewer", "closedzq")}
ABOUT_AUTOMATIONS = ("api/v1/automations", "automations", "search")
# Pages and REST answer lists by these too.
SEARCHES = ("", "?q=zq&search=zq", "?event=RUN_STATE&run={owner}zq-run")


@pytest.fixture(scope="module")
def busy_scene(shared_scene: Scene, django_db_blocker: Any) -> Scene:
    """The scene, in which each team has sent something and has something to see to."""
    with django_db_blocker.unblock():
        for name, team in shared_scene.teams.items():
            bell = Automation.objects.filter(team=team, action_type="send_webhook")[0]
            sent = {"subject_label": f"{name}zq-subject", "why": f"{name}zq-why", "receiver_key": bell.receiver_key}
            attempt(Execution.objects.create(automation=bell, team=team, state="failed", **sent))
            team_notices.open_notice(team, f"{name}zq-hook", f"{name}zq-notice")
    return shared_scene


def named(owner: str) -> dict[str, list[str]]:
    """What stands in an address for a team, by the name of its place there."""
    integrations = [f"{owner}zq-hook", f"{owner}zq-channel"]
    return {
        "team": [f"{owner}zq-team"], "entity": [f"{owner}zq-team"], "project": [f"{owner}zq-project"],
        "run": [f"{owner}zq-run"], "username": [f"{owner}zq-ann"], "event": ["RUN_STATE"],
        "organization": [f"{ORGANIZATIONS[owner]}zq"], "registry": ["closedzq", "openzq"],
        "collection": [f"{owner}zq-made", f"closedzq-{owner}", f"openzq-{owner}"],
        "version": ["v0", "v2"], "alias": [f"{owner}zq-v0-inner-alias"], "tag": ["openzq-tag"],
        "type": [f"{owner}zq-type"], "workspace": ["T1"], "name": integrations, "md5": ["0" * 32], "token": ["x"],
        "rest": ["x"], "kind": ["webhook"],
    }  # fmt: skip


def addresses(route: str) -> Iterator[str]:
    """Give the address for each team, each of its names, and each number there is."""
    for owner in FOREIGN:
        found, all_values = [route], named(owner)
        for place, values in all_values.items():
            for written in (f"<str:{place}>", f"<path:{place}>"):
                found = (
                    [one.replace(written, value) for one in found for value in values] if written in route else found
                )
        numbers = sorted({pk for model in (Automation, Execution, ApiKey, RegistryMember) for pk in _numbers(model)})
        if "<int:pk>" in route:
            found = [one.replace("<int:pk>", str(pk)) for one in found for pk in numbers]
        searches = SEARCHES if route.count("<") < 2 else SEARCHES[:1]
        yield from (f"/{one}{search.format(owner=owner)}" for one in found for search in searches)


def _numbers(model: Any) -> list[int]:
    return list(model.objects.values_list("pk", flat=True))


def client_of(scene: Scene, person: str, route: str) -> Any:
    if route.startswith(REST):
        return as_person(scene.keys[person])
    client = Client()
    client.force_login(scene.people[person])
    return client


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{content.decode(errors='replace')} {dict(answer.headers)}"


GET_ROUTES = [*(REST + row.partition(" ")[2] for row in rest_rows() if row.startswith("GET ")), *page_routes()]


@pytest.mark.parametrize("route", GET_ROUTES)
def test_no_address_answers_a_word_of_others(busy_scene: Scene, db: None, route: str) -> None:
    found = []
    for person in STRANGERS:
        client = client_of(busy_scene, person, route)
        for address in dict.fromkeys(addresses(route)):
            body = body_of(client.get(address))
            asked = set(CANARY.findall(address))
            words = {word.rstrip(".") for word in CANARY.findall(body)} - asked
            if route.startswith(ABOUT_AUTOMATIONS):
                words = {word for word in words if (person, word) not in OWN_AUTOMATION}
            found += [f"{person} {address}: {word}" for word in words if not busy_scene.is_told(word, person)]
    assert found == []


def test_an_all_seeing_person_finds_the_words(busy_scene: Scene, db: None) -> None:
    words: set[str] = set()
    for route in GET_ROUTES:
        client = client_of(busy_scene, "all-seeing", route)
        for address in dict.fromkeys(addresses(route)):
            words |= set(CANARY.findall(body_of(client.get(address)))) - set(CANARY.findall(address))
    kinds = {word.partition("-")[2] for word in words if word.startswith("bluezq")}
    assert {"hook", "run-title", "v0-value", "made-description", "subject", "notice", "bell0"} <= kinds
