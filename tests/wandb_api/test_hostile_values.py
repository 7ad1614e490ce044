"""Hostile values in every argument and input field of the GraphQL schema: a client's mistake is never a 500.

What is sent is made from the schema, so a new argument is tried by itself; what it needs beside is in `HONEST`.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from artifacts.models import Collection, Registry, Upload, Version
from artifacts.services import get_or_create_collection
from automations.models import Automation
from integrations.webhook.models import Webhook
from projects.models import Run, RunFile
from projects.runs.files import record_uploaded
from tests.access.place import make_place
from tests.artifacts.sending import begun
from tests.hostile_values import named, of_this_database, part_for, values_for
from tests.world import World
from wandb_api.graphql.global_ids import global_id
from wandb_api.graphql.schema import schema

MEMBERS = ("createProjectMembers", "deleteProjectMembers", "updateProjectMember", "updateProjectTeamMember")
# What Runbell does not do, and says so.
NOT_THERE = {"Mutation.deleteModel", "Mutation.renameProject"}
# How deep below an argument fields of inputs are tried.
DEEPEST = 4


@dataclass(frozen=True)
class Slot:
    """A place for a value: a field of the schema, the way to it from a root, and the input path in its arguments."""

    way: tuple[tuple[str, str], ...]
    path: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Say which values may get past the door of its type."""
        found = field_of(self.way[-1]).args[self.path[0]].type
        for part in self.path[1:]:
            found = plain(found)
            found = found.of_type if part == "0" else found.fields[part].type
        kinds = {"Int": "number", "Int64": "number", "Float": "number", "Duration": "number", "DateTime": "number"}
        return kinds.get(plain(found).name, "text") if is_leaf_type(plain(found)) else "other"

    @property
    def field(self) -> str:
        return ".".join(self.way[-1])

    def __str__(self) -> str:
        return f"{self.field}({'.'.join(self.path)})"


def plain(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def field_of(step: tuple[str, str]) -> GraphQLField:
    found: GraphQLField = schema.type_map[step[0]].fields[step[1]]  # type: ignore[attr-defined]
    return found


def ways() -> Iterator[tuple[tuple[str, str], ...]]:
    """Give the shortest way to every field that takes arguments."""
    seen: set[str] = set()
    # What is asked first: what a mutation answers is reached by a query too, mostly.
    for root in filter(None, (schema.query_type, schema.mutation_type)):
        waiting: deque[tuple[Any, tuple[tuple[str, str], ...]]] = deque([(root, ())])
        while waiting:
            kind, way = waiting.popleft()
            for name, field in kind.fields.items():
                here = (*way, (kind.name, name))
                if field.args:
                    yield here
                inner = get_named_type(field.type)
                if isinstance(inner, (GraphQLObjectType, GraphQLInterfaceType)) and inner.name not in seen:
                    seen.add(inner.name)
                    waiting.append((inner, here))


def places(kind: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give the place of an argument, and of what is inside it."""
    yield path
    kind = plain(kind)
    if isinstance(kind, GraphQLList):
        yield from places(kind.of_type, (*path, "0"))
    elif isinstance(kind, GraphQLInputObjectType) and len(path) < DEEPEST:
        for name, field in kind.fields.items():
            yield from places(field.type, (*path, name))


SLOTS = [
    Slot(way, path)
    for way in ways()
    for name, arg in field_of(way[-1]).args.items()
    for path in places(arg.type, (name,))
]
BY_FIELD: dict[str, list[Slot]] = {}
for slot in SLOTS:
    BY_FIELD.setdefault(slot.field, []).append(slot)
# What says where something is, and is looked up by one function for all fields: they share the values.
LOOKED_UP = {
    "entityName",
    "projectName",
    "runName",
    "entity",
    "projectId",
    "artifactID",
    "first",
    "after",
    "last",
    "before",
}
SHARED = {name: [slot for slot in SLOTS if slot.path[-1] == name] for name in LOOKED_UP}


@dataclass(frozen=True)
class Place:
    world: World
    ids: dict[str, str]

    def honest(self, name: str, kind: Any, field: str) -> Any:
        """Give a value that leads on: what is really there, by its name."""
        kind = plain(kind)
        if isinstance(kind, GraphQLList):
            return [self.honest(name, kind.of_type, field)]
        if isinstance(kind, GraphQLInputObjectType):
            needed = {
                key: one for key, one in kind.fields.items() if isinstance(one.type, GraphQLNonNull) or key in self.ids
            }
            return {key: self.honest(key, one.type, field) for key, one in needed.items()}
        if hasattr(kind, "values"):
            return next(iter(kind.values))
        if kind.name == "ID":
            return self.ids.get(f"{field}.{name}") or self.ids.get(name) or self.ids["artifactID"]
        usual = {"Int": 1, "Int64": 1, "Float": 1.0, "Boolean": True, "JSONString": "{}", "JSON": {}, "Duration": 1}
        return usual.get(kind.name) or self.ids.get(f"{field}.{name}") or self.ids.get(name, "acme")


@pytest.fixture
def place(world_with_everything: World) -> Place:
    world = world_with_everything
    run = Run.objects.get(name="run1")
    record_uploaded(run, ["a.txt"])
    version, upload = Version.objects.first(), begun(get_or_create_collection(world.project, "model", "model")[0])
    assert version is not None
    ids = {
        "entityName": "acme", "projectName": "mnist", "runName": "run1", "entity": "acme", "modelName": "mnist",
        "Query.project.name": "mnist", "Query.model.name": "mnist", "Project.run.name": "run1",
        "Entity.project.name": "mnist", "Mutation.deleteModel.id": global_id("Project", world.project.pk),
        "Project.artifact.name": "model:v0", "Project.artifactCollection.name": "model",
        "Project.artifactType.name": "model",
        "Project.bucket.name": "run1", "artifactCollectionName": "model", "artifactTypeName": "model", "alias": "best",
        "Query.organization.name": "research", "oldProjectName": "mnist", "newProjectName": "new", "digest": "d9",
        "artifactID": global_id("Artifact", version.pk), "Mutation.createArtifactManifest.artifactID": up(upload),
        "Mutation.commitArtifact.artifactID": up(upload), "Mutation.createArtifactFiles.artifactID": up(upload),
        "Mutation.completeMultipartUploadArtifact.artifactID": up(upload), "uploadID": "0" * 32, "hexMD5": "0" * 32,
        "artifactManifestID": up(upload), "Query.artifactCollection.id": collection(True),
        "artifactPortfolioID": collection(False),
        "artifactSequenceID": collection(True), "destinationArtifactTypeName": "model", "clientID": "c1",
        "Mutation.deleteRun.id": global_id("Run", run.pk),
        "Mutation.deleteInvite.id": global_id("User", world.users["bob"].pk),
        "Mutation.deleteApiKey.id": global_id("ApiKey", world.users["alice"].api_keys.get().pk),
        "Mutation.updateRunState.id": global_id("Run", run.pk),
        "Mutation.stopRun.id": global_id("Run", run.pk), "Mutation.upsertBucket.id": global_id("Run", run.pk),
        "Mutation.deleteFiles.files": global_id("RunFile", RunFile.objects.get().pk),
        "triggerID": global_id("Trigger", Automation.objects.first().pk),  # type: ignore[union-attr]
        "integrationID": global_id("Webhook", Webhook.objects.first().pk),  # type: ignore[union-attr]
        "projectId": global_id("Project", world.project.pk), "userId": global_id("User", world.users["bob"].pk),
        "Mutation.updateFilterTrigger.id": global_id("Trigger", Automation.objects.first().pk),  # type: ignore[union-attr]
        **{f"Mutation.{name}.projectId": registry_id() for name in MEMBERS},
        "Mutation.updateProjectTeamMember.teamId": team_id(world), "teamId": team_id(world),
        "teamIds": team_id(world), "userIds": global_id("User", world.users["bob"].pk),
        "scopeID": global_id("Project", world.project.pk), "title": "t", "text": "t", "urlEndpoint": "http://127.0.0.1:8009/",
        "state": "finished", "cursor": "", "key": "loss", "keys": "loss", "specs": '{"keys": ["loss"], "samples": 5}',
    }  # fmt: skip
    return Place(world, ids)


def registry_id() -> str:
    return global_id("Registry", Registry.objects.get().pk)


def team_id(world: World) -> str:
    return global_id("Entity", world.team.pk)


def up(upload: Upload) -> str:
    return global_id("ArtifactUpload", upload.pk)


def collection(is_made_here: bool) -> str:
    rows = Collection.objects.filter(project__isnull=not is_made_here)
    return global_id("ArtifactCollection", rows.values_list("pk", flat=True)[0])


@pytest.fixture
def world_with_everything(db: None) -> World:
    return make_place()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


def document(way: tuple[tuple[str, str], ...], place: Place) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Give a query that reaches the field, its variables, and which of them are the field's own arguments."""
    declared, variables, own = [], {}, {}
    text = ""
    for at, step in enumerate(way):
        field, said = field_of(step), []
        for name, arg in field.args.items():
            is_last, full = at == len(way) - 1, f"{'.'.join(step)}.{name}"
            if not (is_last or isinstance(arg.type, GraphQLNonNull) or {full, name} & place.ids.keys()):
                continue
            variable = f"v{at}_{name}"
            declared.append(f"${variable}: {arg.type}")
            variables[variable] = place.honest(name, arg.type, ".".join(step))
            said.append(f"{name}: ${variable}")
            if is_last:
                own[name] = variable
        text += f"{'{ '}{step[1]}{'(' + ', '.join(said) + ')' if said else ''} "
    inner = get_named_type(field_of(way[-1]).type)
    text += selection(inner) + " }" * len(way)
    root = "mutation" if way[0][0] == "Mutation" else "query"
    return f"{root}({', '.join(declared)}) {text}", variables, own


def selection(kind: Any) -> str:
    if is_leaf_type(kind):
        return ""
    return "{ edges { __typename } }" if "edges" in getattr(kind, "fields", {}) else "{ __typename }"


def put(variables: dict[str, Any], own: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Give the variables with the value at this place."""
    found = json.loads(json.dumps(variables))
    at: Any = found
    keys: list[Any] = [own[path[0]], *path[1:]]
    for key, following in zip(keys, keys[1:], strict=False):
        key = int(key) if isinstance(at, list) else key
        if isinstance(at, dict):
            at.setdefault(key, [{}] if following == "0" else {})
        if not isinstance(at[key], (dict, list)):
            at[key] = [{}] if following == "0" else {}
        at = at[key]
    if isinstance(at, list):
        at[int(keys[-1])] = value
    else:
        at[keys[-1]] = value
    return found


def test_nearly_every_argument_is_reached(place: Place) -> None:
    """Else the values would stop at the door: with honest values a field answers, or says why by a 4xx of its own."""
    client = Client()
    answers = {}
    for name, slots in BY_FIELD.items():
        query, variables, _own = document(slots[0].way, place)
        with transaction.atomic():
            answer = send(client, place, query, variables)
            transaction.set_rollback(True)
        answers[name] = (answer.status_code, answer.json().get("errors", [{}])[0].get("message", ""))
    lost = {name: said for name, said in answers.items() if said[0] not in (200, 403, 409, 422)}
    assert {name for name, said in lost.items() if said[0] != 501 or name not in NOT_THERE} == set(), lost


def send(client: Client, place: Place, query: str, variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables})
    headers = {"Authorization": f"Bearer {place.world.keys['alice']}"}
    client.raise_request_exception = False
    return client.post("/graphql", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("name", BY_FIELD)
def test_no_value_of_an_argument_is_a_server_error(place: Place, name: str, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    failed = []
    for slot in BY_FIELD[name]:
        query, variables, own = document(slot.way, place)
        shared = SHARED.get(slot.path[-1], [slot])
        for value in part_for(of_this_database(values_for(slot.kind)), slot, shared):
            caplog.clear()
            with transaction.atomic():
                answer = send(client, place, query, put(variables, own, slot.path, value))
                transaction.set_rollback(True)
            traced = [record for record in caplog.records if record.exc_info]
            if answer.status_code >= 500 and answer.status_code != 501 or traced:
                failed.append((str(slot), named(value), answer.status_code, answer.content[:200]))
    assert failed == []
