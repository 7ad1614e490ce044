"""What wandb 0.31.0 was recorded to send: our schema takes each document, and answers in the shape recorded.

It takes all that the versions which we promise can ask about artifacts and automations, too.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.recorded import recorded_world
from tests.wandb_api.sdk import VERSIONS
from tests.world import World
from wandb_api.graphql.limits import document_cache

_FILE = Path(__file__).parent.parent / "data" / "wandb_operations.jsonl"
OPERATIONS: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text().splitlines()]
IDS = [f"{place}-{operation['name']}" for place, operation in enumerate(OPERATIONS)]

# What is not implemented yet answers 501; whoever implements it takes it out here, and gives it what it needs below.
WAITING: set[str] = set()
# Where ours is null though the recorded answer was not, and the SDK takes it: the owner of a project is of no team.
NULL_HERE = {"project.user.entity", "models.edges.node.user.entity"}


@pytest.fixture
def recorded(world: World) -> dict[str, str]:
    """What the recorded operations ask for, by the names and ids it had there."""
    return recorded_world(world)


def replaced(value: Any, by: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: replaced(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, by) for inner in value]
    return by.get(value, value) if isinstance(value, str) else value


def differences(recorded: Any, ours: Any, path: str = "") -> list[str]:
    """Say where ours is of another kind: lists are compared by their first items."""
    if recorded is None or (ours is None and path in NULL_HERE):
        return []
    kinds = (float, int) if isinstance(recorded, (float, int)) and not isinstance(recorded, bool) else type(recorded)
    if not isinstance(ours, kinds):
        return [f"{path}: {ours!r} in place of {recorded!r}"]
    if isinstance(recorded, dict):
        left_out = [f"{path}.{name} is left out" for name in recorded if name not in ours]
        # Ours has more in JSON only, such as the last values that `wandb verify` wants.
        both = [name for name in ours if name in recorded]
        inner = [differences(recorded[name], ours[name], f"{path}.{name}".strip(".")) for name in both]
        return left_out + [one for found in inner for one in found]
    if isinstance(recorded, list):
        return differences(recorded[0], ours[0], path) if recorded and ours else []
    return []


def documents_of(version: str) -> Iterator[tuple[str, str]]:
    """Give the documents of the SDK's own code, which it makes from the schema of W&B, by their names."""
    package = Path(VERSIONS[version] or distribution("wandb").locate_file("")) / "wandb"
    for part in ("sdk/artifacts", "automations"):
        for line in ast.parse((package / part / "_generated/operations.py").read_text()).body:
            if (
                isinstance(line, ast.Assign)
                and isinstance(line.targets[0], ast.Name)
                and line.targets[0].id != "__all__"
            ):
                yield line.targets[0].id, ast.literal_eval(line.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_has_all_that_a_version_of_the_sdk_asks_about_artifacts_and_automations(version: str) -> None:
    found = dict(documents_of(version))
    assert len(found) > 30
    for name, text in found.items():
        assert document_cache.document(text).definitions, name


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_a_recorded_document_is_valid_and_not_too_dear(operation: dict[str, Any]) -> None:
    assert document_cache.document(operation["query"]).definitions


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_an_operation_is_answered_in_the_shape_that_the_sdk_took(
    operation: dict[str, Any], graphql: GraphQL, recorded: dict[str, str]
) -> None:
    status, body = graphql.send(operation["query"], **replaced(operation["variables"], recorded))
    if operation["name"] in WAITING:
        assert (status, body["errors"][0]["extensions"]["code"]) == (501, "NOT_IMPLEMENTED"), body
    else:
        assert status == 200, body
        assert differences(operation["response"]["data"], body["data"]) == []
