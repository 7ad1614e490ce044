"""The tables of what works and what is refused are true of every document in the code of the SDKs that we promise."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInputObjectType,
    OperationDefinitionNode,
    OperationType,
    validate,
)

from tests.processes import ROOT
from tests.wandb_api.documents import documents_of
from tests.wandb_api.sdk import VERSIONS
from wandb_api.graphql.schema import schema
from wandb_api.sdk_table.calls import REFUSED, WORKS
from wandb_api.sdk_table.inputs import HARMLESS, NOT_DONE, is_left_out
from wandb_api.sdk_table.markdown import PAGE, filled

_LACKS = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
# What the SDK itself puts something else for, or takes out, before it sends the document.
_PLACEHOLDER = re.compile(r"'_[A-Za-z_]+_'")
# Follows from what is said of a field beside it, or from a fragment that stands elsewhere in the SDK's code.
_FOLLOWS = ("Unknown type", "Unknown fragment", "Fragment ", "Unknown argument 'desc'")
WORKING = [field for row in WORKS for field in row.fields]
REFUSING = [field for row in REFUSED for field in row.fields]


def asked_first(document: DocumentNode) -> Iterator[str]:
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            root = "Mutation" if operation.operation == OperationType.MUTATION else "Query"
            for field in operation.selection_set.selections:
                if isinstance(field, FieldNode) and not field.name.value.startswith("_"):
                    yield f"{root}.{field.name.value}"


@cache
def faults(document: DocumentNode) -> tuple[set[str], list[str]]:
    """Give the fields that our schema lacks, and what else is wrong."""
    messages = [one.message for one in validate(schema, document, max_errors=100)]
    lacking = {f"{kind}.{field}" for one in messages for field, kind in _LACKS.findall(one)}
    other = [one for one in messages if not _LACKS.match(one) and not one.startswith(_FOLLOWS)]
    return {one for one in lacking if not _PLACEHOLDER.fullmatch(f"'{one.partition('.')[2]}'")}, other


@pytest.mark.parametrize("version", VERSIONS)
def test_whatever_a_version_asks_for_works_or_is_refused_as_the_table_says(version: str) -> None:
    found = documents_of(version)
    assert len(found) > 100
    for document in found:
        lacking, other = faults(document)
        first = set(asked_first(document))
        assert lacking <= set(REFUSING), f"{lacking - set(REFUSING)}: make it work, or say where it is refused"
        assert other == [], first
        assert lacking or first <= {*WORKING, *REFUSING}, f"{first - set(WORKING)} is in no row of what works"


def test_nothing_stands_in_two_rows_and_what_works_is_there() -> None:
    assert [field for field, count in Counter([*WORKING, *REFUSING]).items() if count > 1] == []
    for name, is_there in [*((one, True) for one in WORKING), *((one, False) for one in REFUSING)]:
        kind, _, field = name.partition(".")
        assert (field in getattr(schema.type_map[kind], "fields", {})) is is_there, name


def test_the_page_says_what_the_code_says() -> None:
    page = PAGE.read_text()
    assert page == filled(page), "Write it anew: python -m wandb_api.sdk_table.markdown"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_input_field_of_a_version_is_known_or_told_of(version: str) -> None:
    for kind, field in input_fields(version):
        known = getattr(schema.type_map.get(kind), "fields", {})
        assert field in known or is_left_out(kind, field, 1, known=False), f"{kind}.{field}"


def test_every_input_field_is_read_or_said_to_be_harmless_or_not_done() -> None:
    """A field is read where its name stands in our code: as a text, or as an argument."""
    names = set()
    for file in (ROOT / "wandb_api").rglob("*.py"):
        if "sdk_table" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text())):
                names |= {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
                names |= {node.arg} if isinstance(node, ast.arg) else set()
    inputs = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
    fields = {f"{kind.name}.{field}" for kind in inputs for field in kind.fields}
    unread = {one for one in fields if one.partition(".")[2] not in names and not one.lower().endswith("mutationid")}
    assert unread - HARMLESS.keys() - NOT_DONE.keys() == PARTS_OF_ANOTHER
    assert (HARMLESS.keys() | NOT_DONE.keys()) - fields == set()


# Said of as a whole, by the field that they are the value of.
PARTS_OF_ANOTHER = {"ProjectIconInput.color"}


def input_fields(version: str) -> Iterator[tuple[str, str]]:
    """Give the types of input that the SDK makes from W&B's schema, with each field as it is called on the wire."""
    package = Path(VERSIONS[version] or distribution("wandb").locate_file("")) / "wandb"
    for file in sorted(package.rglob("_generated/input_types.py")):
        for kind in ast.parse(file.read_text()).body:
            for line in getattr(kind, "body", []):
                if isinstance(kind, ast.ClassDef) and isinstance(line, ast.AnnAssign):
                    assert isinstance(line.target, ast.Name)
                    given = [one.value for one in ast.walk(line) if isinstance(one, ast.keyword) and one.arg == "alias"]
                    alias = given[0].value if given and isinstance(given[0], ast.Constant) else line.target.id
                    yield kind.name, str(alias)
