"""The address of GraphQL: who may ask, what is refused, and with which status."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import Any

import pytest
from django.db import connection
from graphql import get_introspection_query

from events.models import Event
from projects.models import Project, Run
from teams.models import ApiKey
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.resolver_tables import ResolverTable
from wandb_api.graphql.schema import schema

VIEWER = "query Viewer { viewer { id entity username flags teams { edges { node { name } } } } }"
UPSERT = """mutation Upsert($input: UpsertBucketInput!) {
    upsertBucket(input: $input) { bucket { id name } inserted } }"""


def test_a_key_tells_who_is_calling(graphql: GraphQL) -> None:
    viewer = graphql.data(VIEWER)["viewer"]
    assert (viewer["username"], viewer["entity"], viewer["flags"]) == ("alice", "acme", "{}")
    assert viewer["teams"] == {"edges": [{"node": {"name": "acme"}}]}


def test_the_sdk_may_send_its_key_as_basic(world: World) -> None:
    caller = GraphQL(None)
    caller.headers = {"Authorization": "Basic " + b64encode(f"api:{world.keys['bob']}".encode()).decode()}
    assert caller.data("{ viewer { username } }") == {"viewer": {"username": "bob"}}


def test_nobody_is_a_viewer_that_is_null(world: World) -> None:
    assert GraphQL(None).data("{ viewer { id } }") == {"viewer": None}


def test_a_wrong_key_is_refused_with_401_and_where_to_make_one(world: World) -> None:
    status, body = GraphQL("x" * 44).send(VIEWER)
    assert status == 401
    assert body["errors"][0]["message"] == "This API key is not known here. Make one in Runbell under API keys."


def test_what_is_unknown_in_an_input_is_dropped_and_said_in_the_log_and_of_the_run(
    graphql: GraphQL, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"name": "r1", "modelName": "mnist", "entityName": "acme", "cloud": None, "colour": "red"}
    with caplog.at_level(logging.WARNING):
        assert graphql.data(UPSERT, input=given)["upsertBucket"]["inserted"] is True
    assert [record.getMessage() for record in caplog.records] == [
        f"run {Run.objects.get().pk}: UpsertBucketInput.colour left out: The script says input.'colour' "
        "(of UpsertBucketInput). Runbell does not do that, and went on without it."
    ]


def test_a_field_that_the_schema_lacks_is_named_with_501(graphql: GraphQL, caplog: pytest.LogCaptureFixture) -> None:
    status, body = graphql.send("{ viewer { id shoeSize } }")
    assert (status, body["errors"][0]["extensions"]) == (501, {"code": "NOT_IMPLEMENTED"})
    assert "Cannot query field 'shoeSize' on type 'User'" in body["errors"][0]["message"]
    assert ["shoeSize" in record.getMessage() for record in caplog.records] == [True]


def test_a_field_without_a_resolver_is_named_with_501(
    graphql: GraphQL, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    users = schema.query_type.fields["users"]  # type: ignore[union-attr]
    monkeypatch.setattr(users, "resolve", resolver_tables._from_mapping("Query.users"))
    status, body = graphql.send("{ users { edges { node { id } } } }")
    assert status == 501
    assert body["errors"][0]["message"].startswith("Runbell does not implement Query.users.")
    assert ["Query.users" in record.getMessage() for record in caplog.records] == [True]


def test_a_resolver_for_a_field_that_the_schema_lacks_is_refused() -> None:
    table = ResolverTable("User")
    table.always(shoeSize=42)
    with pytest.raises(ValueError, match="shoeSize is not defined on type User"):
        table.bind_to_schema(schema)


def test_a_second_resolver_for_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="User.username has two resolvers"):
        resolver_tables.table_of("User").always(username="bob")


@pytest.mark.parametrize("query", ["{ viewer {", "query { viewer { id } } }", "{ viewer(a: $b) { id } }", ""])
def test_what_is_no_query_is_refused_with_400(graphql: GraphQL, query: str) -> None:
    status, body = graphql.send(query)
    assert status in (400, 501)
    assert body["errors"][0]["message"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"query": 1}', '{"query": "{ viewer { id } }", "variables": []}'])
def test_what_is_no_request_is_refused_with_400(graphql: GraphQL, body: str) -> None:
    answer = graphql.client.post("/graphql", body, content_type="application/json", headers=graphql.headers)
    assert answer.status_code == 400, answer.content


def test_introspection_is_allowed(graphql: GraphQL) -> None:
    found = graphql.data('{ __type(name: "ServerFeature") { fields { name } } }')
    assert found["__type"]["fields"] == [{"name": "name"}, {"name": "isEnabled"}]


def test_the_whole_schema_can_be_asked_for(graphql: GraphQL) -> None:
    assert graphql.data(get_introspection_query())["__schema"]["queryType"]["name"] == "Query"


def test_a_stranger_finds_no_project(world: World) -> None:
    stranger = GraphQL(world.keys["charlie"])
    assert stranger.data('{ project(name: "mnist", entityName: "acme") { id } }') == {"project": None}


@pytest.mark.parametrize(("person", "status"), [("charlie", 404), ("vera", 403)])
def test_who_may_not_log_is_told_so_and_nothing_is_made(world: World, person: str, status: int) -> None:
    given = {"name": "r1", "modelName": "new", "entityName": "acme"}
    answer, body = GraphQL(world.keys[person]).send(UPSERT, input=given)
    assert (answer, body["data"]["upsertBucket"]) == (status, None)
    assert not Project.objects.filter(name="new").exists()
    assert not Run.objects.exists()


def test_a_name_that_cannot_be_is_refused_with_422_by_its_field(graphql: GraphQL) -> None:
    status, body = graphql.send(UPSERT, input={"name": "r/1", "modelName": "mnist", "entityName": "acme"})
    assert status == 422
    assert body["errors"][0]["message"].startswith("name: 'r/1' is no usable run id")


def test_what_is_no_json_where_json_is_due_is_refused_by_its_field(graphql: GraphQL) -> None:
    given = {"name": "r1", "modelName": "mnist", "entityName": "acme", "config": "{"}
    status, body = graphql.send(UPSERT, input=given)
    assert (status, body["errors"][0]["message"]) == (422, "config: '{' is not JSON.")


def test_an_error_inside_says_nothing_of_itself(
    graphql: GraphQL, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(schema.query_type.fields["viewer"], "resolve", fail)  # type: ignore[union-attr]
    status, body = graphql.send(VIEWER)
    assert (status, "hunter2" in str(body)) == (500, False)
    assert "hunter2" in caplog.text


def test_keys_are_listed_by_name_and_never_shown(graphql: GraphQL) -> None:
    (edge,) = graphql.data("{ viewer { apiKeys { edges { node { id name description } } } } }")["viewer"]["apiKeys"][
        "edges"
    ]
    assert edge["node"]["name"] == ApiKey.objects.get(user__username="alice").start


def test_halves_of_surrogate_pairs_are_repaired_and_kept(graphql: GraphQL, world: World) -> None:
    config = json.dumps({"file\ud800": {"value": "a\udfff"}, "smile": {"value": "😀"}})
    given = {"name": "r1", "modelName": "mnist", "entityName": "acme", "displayName": "odd\ud800", "config": config}
    assert graphql.data(UPSERT, input=given)["upsertBucket"]["inserted"] is True
    run = Run.objects.get()
    assert (run.display_name, run.config) == ("odd\ufffd", {"file\ufffd": "a\ufffd", "smile": "😀"})


def test_an_alert_with_half_a_surrogate_pair_is_said(graphql: GraphQL, world: World) -> None:
    world.run("run1")
    alert = "mutation($input: NotifyScriptableRunAlertInput!) { notifyScriptableRunAlert(input: $input) { success } }"
    said = {"entityName": "acme", "projectName": "mnist", "runName": "run1", "title": "Odd\ud800", "text": "\udfff"}
    assert graphql.data(alert, input=said) == {"notifyScriptableRunAlert": {"success": True}}
    assert Event.objects.get(kind="run.alert").data["title"] == "Odd\ufffd"


def test_what_the_database_cannot_hold_is_refused_once_and_for_all(graphql: GraphQL, world: World) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: SQLite holds every text; pytest --postgresql")
    given = {"name": "r1", "modelName": "mnist", "entityName": "acme", "displayName": "a\x00b"}
    status, body = graphql.send(UPSERT, input=given)
    assert (status, body["errors"][0]["extensions"]["code"]) == (422, "INVALID")
    assert body["errors"][0]["message"] == (
        "The database cannot hold a value: a text with a NUL character, or too large a number. Leave that out."
    )
    assert not Run.objects.exists()
