"""What a GraphQL document may be, and what strangers may send: asked before it costs anything."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from django.conf import LazySettings
from graphql import DocumentNode, get_introspection_query, parse

from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.errors import BadRequest
from wandb_api.graphql.limits import anonymous_queries, document_cache, document_limits
from wandb_api.graphql.limits.document_cache import DocumentCache

RECORDED = [
    json.loads(line)["query"] for line in Path("tests/data/wandb_operations.jsonl").read_text().splitlines()
] + [get_introspection_query()]
ONE = parse("{ viewer { id } }")


def many(text: str, count: int) -> str:
    """Repeat it, with its number for each `#`."""
    return " ".join(text.replace("#", str(number)) for number in range(count))


def nested(levels: int) -> str:
    return "{ viewer " + "{ teams { edges { node { organization " * levels + "{ name }" + " } } } }" * levels + " }"


LISTS = "{ viewer { teams { edges { node { projects { edges { node { %s } } } } } } } }"
RUNS = "runs#: runs { edges { node { files { edges { node { %s } } } } } }"
HOSTILE = {
    "characters": "{ viewer { id } } #" + "x" * document_limits.LONGEST,
    "tokens": "{ viewer(a: [" + "1 " * document_limits.MOST_TOKENS + "]) { id } }",
    "fields": f"{{ viewer {{ {many('teams { edges { node { name } } }', 21)} {many('a# { b }', 200)} }} }}",
    "repeated fields": f"{{ {many('viewer { id }', 190)} }}",
    "fragments": f"{{ viewer {{ {many('...f#', 40)} }} }} {many('fragment f# on User { id }', 40)}",
    "uses of fragments": f"{{ viewer {{ {many('...f', 100)} }} }} fragment f on User {{ id }}",
    "inline fragments": f"{{ viewer {{ {many('... on User { id }', 100)} }} }}",
    "aliases": f"{{ viewer {{ {many('a#: id', 100)} }} }}",
    "directives": f"{{ viewer {{ id {many('@include(if: true)', 60)} }} }}",
    "operations": many("query q# { viewer { id } }", 10),
    "variables": f"query({many('$v#: String', 101)}) {{ viewer {{ id }} }}",
    "fields deep": nested(8),
    "fields with its fragments": "{ viewer { ...f0 } } "
    + " ".join(f"fragment f{number} on User {{ ...f{number + 1} ...f{number + 1} }}" for number in range(20))
    + " fragment f20 on User { id }",
    "costs": LISTS % many(RUNS % many("a#", 40), 8),
    "defines types": "type User { id: ID }",
}  # fmt: skip
SHOWN = {"tokens": "tokens", "fields": "fields; 400", "costs": "costs"}


@pytest.mark.parametrize("query", RECORDED, ids=range(len(RECORDED)))
def test_what_the_sdk_sends_is_far_from_every_limit(query: str) -> None:
    document_limits.check(parse(query))
    assert len(query) * 2 < document_limits.LONGEST


@pytest.mark.parametrize("what", HOSTILE)
def test_too_much_of_anything_is_refused_before_validation(
    graphql: GraphQL, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def validate(*_: object, **__: object) -> None:
        raise AssertionError("it was validated")

    monkeypatch.setattr(document_cache, "validate", validate)
    status, body = graphql.send(HOSTILE[what])
    assert status == 400
    assert SHOWN.get(what, what) in body["errors"][0]["message"]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_refusal_takes_a_few_milliseconds_and_the_second_none(what: str) -> None:
    document_cache.refusals.clear()
    # Of its own computing; the bounds leave room for a busy machine.
    for longest in (0.5, 0.05):
        begun = time.thread_time()
        with pytest.raises(BadRequest):
            document_cache.document(HOSTILE[what])
        assert time.thread_time() - begun < longest


def test_the_dearest_that_is_allowed_is_validated_in_a_moment() -> None:
    inner = "teams { edges { node { name ...g } } } organizations { name }"
    query = f"{{ viewer {{ {many('...f#', 29)} }} }} {many(f'fragment f# on User {{ {inner} }}', 29)}"
    begun = time.thread_time()
    document_cache.document(f"{query} fragment g on Entity {{ id name }}", is_kept=False)
    assert time.thread_time() - begun < 3


def test_fragments_that_use_each_other_in_a_circle_are_refused(graphql: GraphQL) -> None:
    circle = "{ viewer { ...a } } fragment a on User { id ...b } fragment b on User { id ...a }"
    status, body = graphql.send(circle)
    assert (status, "itself" in body["errors"][0]["message"]) == (400, True)


def test_a_document_is_parsed_once(graphql: GraphQL) -> None:
    document_cache.documents.clear()
    for _ in range(3):
        graphql.data("{ viewer { username } }")
    assert (document_cache.documents.misses, document_cache.documents.hits) == (1, 2)


def test_what_is_kept_is_bounded_and_the_last_used_stays() -> None:
    cache = DocumentCache(100)
    cache.put("used", ONE)
    for number in range(50):
        cache.put(f"{number:020}", BadRequest("no"))
        assert isinstance(cache.get("used"), DocumentNode)
    assert cache.characters <= 100
    cache.put("x" * 101, ONE)
    assert cache.get("x" * 101) is None


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { id } }",
        "query { viewer { id } }",
        "query Viewer {\n\tviewer {\n\t\tid\n\t\tteams { edges { node { name } } }\n\t}\n}",
        "query ServerInfo { serverInfo { cliVersionInfo } viewer { id } }",
        "query GetViewer { viewer { ...U } } fragment U on User { id }",
    ],
)
def test_without_a_key_one_may_ask_what_wandb_login_asks(world: World, query: str) -> None:
    assert GraphQL(None).data(query)["viewer"] is None if "viewer" in query else True


@pytest.mark.parametrize(
    "query",
    [
        '{ project(name: "mnist", entityName: "acme") { id } }',
        '{ viewer { id } project(name: "mnist", entityName: "acme") { id } }',
        "{ viewer { id } ...Q } fragment Q on Query { users { edges { node { id } } } }",
        "{ ... on Query { viewer { id } } }",
        "{ __schema { types { name } } }",
        "mutation { viewer { id } }",
        "{ a: viewer { id } }",
        "{ viewer { " + "id " * 500 + "} }",
        "fragment viewer on User { id } { viewer { ...viewer } }",
        "nonsense",
        "",
    ],
)
def test_without_a_key_everything_else_is_refused_with_401(world: World, query: str) -> None:
    status, body = GraphQL(None).send(query)
    assert (status, body["errors"][0]["message"].startswith("Send an API key."), "data" in body) == (401, True, False)


GUESSES = ["{ viewer { usrname } }", "{ viewer { nothingOfTheKind } }", "{ serverInfo { id( } }", "{ viewer }"]


@pytest.mark.parametrize("query", GUESSES)
def test_where_the_schema_is_private_its_refusals_tell_strangers_nothing(
    world: World, settings: LazySettings, query: str
) -> None:
    settings.PUBLIC_SCHEMA = False
    refused = GraphQL(None).send(query)
    assert refused == GraphQL(None).send("{ project { id } }")
    assert (refused[0], "Did you mean" in str(refused[1])) == (401, False)
    # Who is signed in is told.
    assert GraphQL(world.keys["alice"]).send(query)[0] in (400, 501)
    # What `wandb login` asks is answered all the same.
    assert GraphQL(None).data("{ viewer { id } serverInfo { cliVersionInfo } }")["viewer"] is None


def test_what_strangers_send_is_not_parsed_where_it_is_long_and_never_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_cache.documents.clear()
    GraphQL(None).data("{ viewer { email } }")
    assert document_cache.documents.characters == 0
    monkeypatch.setattr(document_cache, "document", lambda *_, **__: pytest.fail("it was parsed"))
    status, _body = GraphQL(None).send("{ viewer { id } } #" + "x" * anonymous_queries.LONGEST)
    assert status == 401
