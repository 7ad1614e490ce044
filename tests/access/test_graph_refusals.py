"""Ids and names that somebody guessed: what is another team's is refused as what is not there, in the same words.

Also with the same SQL statements until the answer is there, so that no stopwatch tells one from the other; the audit
log's row, which tells the owner's admins of what was tried, is written after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.http.response import HttpResponseBase
from django.test.utils import CaptureQueriesContext
from graphql import GraphQLObjectType, get_named_type

from tests.access.graph_mutations import MUTATIONS, absent, filled, slots, slots_in
from tests.access.graph_scene import Scene
from tests.access.graph_walk import possible_types
from tests.wandb_api.conftest import GraphQL
from wandb_api.graphql.global_ids import kind_and_key
from wandb_api.graphql.schema import schema

pytestmark = pytest.mark.any_database

# Who asks, what they have themselves, and what of others they name. `red` and `blue` are the admins of their teams.
ASKING = {
    "outsider": ("green", "blue"), "former": ("green", "blue"), "viewer": ("red", "blue"), "red": ("red", "blue"),
    "red of another organization": ("red", "green"), "blue": ("blue", "green"),
}  # fmt: skip
# The registry is one of the organization north, and its members are red and blue.
REGISTRY = {"registry", "registry_id"}
# The organization's people have names within it: an admin of red adds one of blue without asking.
COLLEAGUE = {"username"}
CASES = [(person, mutation) for person in ASKING for mutation in MUTATIONS]
QUERIES = {
    "version": "query($x: ID!) { artifact(id: $x) { id } }",
    "upload": "query($x: ID!) { artifact(id: $x) { id } }",
    "collection_id": "query($x: ID!) { artifactCollection(id: $x) { id name } }",
    "portfolio_id": "query($x: ID!) { artifactCollection(id: $x) { id name } }",
    "client": "query($x: ID!) { clientIDMapping(clientID: $x) { serverID } }",
    "entity": "query($x: String!) { entity(name: $x) { id } }",
    "project": 'query($x: String!) { project(entityName: "bluezq-team", name: $x) { id } }',
    "registry": 'query($x: String!) { project(entityName: "org.northzq", name: $x) { id } }',
}


def asked_for(mutation: str) -> str:
    """Give a document that asks for the least it can."""
    field = schema.mutation_type.fields[mutation]  # type: ignore[union-attr]
    payload = get_named_type(field.type)
    assert isinstance(payload, GraphQLObjectType)
    inner = " ".join(
        f"{name} {{ __typename }}" if possible_types(one.type) else name for name, one in payload.fields.items()
    )
    return f"mutation($input: {field.args['input'].type}) {{ {mutation}(input: $input) {{ {inner} }} }}"


def answer_to(scene: Scene, person: str, query: str, variables: Mapping[str, Any]) -> tuple[int, str, list[str]]:
    """Send it, and take back what it did. Give status, body and the shapes of the statements until the answer."""
    until_the_answer: list[str] = []
    with transaction.atomic(), CaptureQueriesContext(connection) as statements, closing_told() as begun:
        status, body = GraphQL(scene.keys[person.partition(" ")[0]]).send(query, **variables)
        until_the_answer = [one["sql"] for one in statements.captured_queries[: begun[0] - statements.initial_queries]]
        transaction.set_rollback(True)
    return status, str(body), [shape_of(sql) for sql in until_the_answer]


@contextmanager
def closing_told() -> Iterator[list[int]]:
    """Note how many statements there were when the server began to close the answer, which is then with the client."""
    begun: list[int] = []
    close = HttpResponseBase.close

    def noted(response: HttpResponseBase) -> None:
        begun.append(len(connection.queries_log))
        close(response)

    with mock.patch.object(HttpResponseBase, "close", noted):
        yield begun


def shape_of(sql: str) -> str:
    """Give a statement without its values."""
    sql = re.sub(r'SAVEPOINT "\w+"', "SAVEPOINT ?", sql)
    return re.sub(r"'(?:[^']|'')*'|\b\d+\b", "?", re.sub(r"IN \([^()]*\)", "IN (?)", sql))


def without(names: Mapping[str, str], text: str) -> str:
    """Give an answer without what it repeats of the question: a name, an id, or the number in it."""
    for name in sorted(set(names.values()), key=len, reverse=True):
        number = "" if "zq" in name else f" {kind_and_key(name)[1]} "
        text = text.replace(name, "…").replace(name.removeprefix("wandb-registry-"), "…")
        text = text.replace(number or name, " … ")
    return text


@pytest.mark.parametrize(("person", "mutation"), CASES, ids=lambda value: value)
def test_a_mutation_that_names_what_is_anothers_is_refused_as_one_that_names_nothing(
    scene: Scene, person: str, mutation: str
) -> None:
    own, other = ASKING[person]
    mine, foreign = slots(scene, own), slots(scene, other)
    nobodys = absent(foreign)
    for sent in MUTATIONS[mutation]:
        known = (REGISTRY if person.startswith(("red", "blue")) else set()) | (COLLEAGUE if person == "red" else set())
        for slot in sorted(slots_in(sent) - known):
            given = []
            for named in (foreign, nobodys):
                names = {**mine, slot: named[slot]}
                status, body, statements = answer_to(scene, person, asked_for(mutation), {"input": filled(sent, names)})
                given.append((status, without({slot: named[slot]}, body), statements))
            assert given[0] == given[1], f"{slot} in {sent}"


@pytest.mark.parametrize(
    ("person", "slot"),
    [
        (person, slot)
        for person in ("outsider", "former", "viewer", "red of another organization")
        for slot in QUERIES
        if (person, slot) != ("red of another organization", "registry")  # which is open to red
    ],
)
def test_a_query_that_names_what_is_anothers_answers_as_one_that_names_nothing(
    scene: Scene, person: str, slot: str
) -> None:
    foreign = slots(scene, "blue")
    nobodys = absent(foreign)
    given = [answer_to(scene, person, QUERIES[slot], {"x": named[slot]}) for named in (foreign, nobodys)]
    told = [
        (status, without({slot: named[slot]}, body), statements)
        for (status, body, statements), named in zip(given, (foreign, nobodys), strict=True)
    ]
    assert told[0] == told[1]
