"""A walk over the graph: every field of every object that a person comes to, each once however it was reached.

It asks one object at a time by the schema's own types and resolvers, and goes on with what it is given.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    ast_from_value,
    execute_sync,
    get_named_type,
    is_required_argument,
    parse,
    print_ast,
)

from common.data.validation_errors import Conflict
from teams.models import User
from wandb_api.graphql.caller import Caller
from wandb_api.graphql.errors import NotImplementedHere
from wandb_api.graphql.partial_objects import Partial
from wandb_api.graphql.resolver_tables import typename
from wandb_api.graphql.schema import schema

# By `Type.field` or `field`: the arguments to try. Without any, a field is asked for without arguments.
Guesses = Mapping[str, Sequence[Mapping[str, Any]]]
# Links are signed with the time.
_SIGNED = re.compile(r"/files/(fetch|send)/([^/\"]+)")
# What a resolver may answer with in place of a value; another error is a bug.
REFUSALS = (Http404, PermissionDenied, ValidationError, Conflict, NotImplementedHere)
_schemas: dict[str, GraphQLSchema] = {}


@dataclass
class Answer:
    """What a person was told at one field of one object, and what came of it."""

    type: str
    field: str
    arguments: str
    depth: int
    said: str = ""
    # The tokens of signed links to files.
    links: list[tuple[str, str]] = field(default_factory=list)
    is_reached: bool = False
    path: str = ""

    @property
    def edge(self) -> str:
        return f"{self.type}.{self.field}"


@dataclass
class Walk:
    person: User
    guesses: Guesses
    answers: dict[str, Answer] = field(default_factory=dict)
    deepest: int = 0

    def from_root(self, name: str = "Query", most: int = 1000) -> Walk:
        """Go as deep as it leads first, at most so many objects: the last one found is the next one asked."""
        waiting: list[tuple[str, Any, int, str]] = [(name, None, 0, name)]
        visited: set[str] = set()
        while waiting:
            kind, value, depth, path = waiting.pop()
            key = key_of(kind, value)
            if key in visited or depth > most:
                continue
            visited.add(key)
            self.deepest = max(self.deepest, depth)
            for child_kind, child, way in self._asked_object(kind, value, depth, path):
                waiting.append((child_kind, child, depth + is_object(child_kind), way))
        return self

    def _asked_object(self, kind: str, value: Any, depth: int, path: str) -> list[tuple[str, Any, str]]:
        """Ask for every field of one object, and give the objects it leads to."""
        object_type = schema.type_map[kind]
        assert isinstance(object_type, GraphQLObjectType)
        asked = [
            Answer(kind, name, arguments, depth, path=f"{path}.{name}{arguments}")
            for name in object_type.fields
            for arguments in arguments_of(object_type, name, self.guesses)
        ]
        children = self._sent(value, asked)
        if children is None:
            # What may not be null was refused, and the rest of the object with it: each by itself, then.
            children = [child for one in asked for child in self._sent(value, [one]) or ()]
        self.answers.update({f"{key_of(kind, value)}.{one.field}{one.arguments}": one for one in asked})
        return children

    def _sent(self, value: Any, asked: Sequence[Answer]) -> list[tuple[str, Any, str]] | None:
        """Send one document, write down what was said, and give where it leads; None where nothing was answered."""
        children: list[tuple[str, Any, str]] = []

        def watched(resolve: Any, parent: Any, info: Any, **given: Any) -> Any:
            found = resolve(parent, info, **given)
            if info.path.prev is None:  # else it is the __typename of a child, which is asked about by itself
                answer = asked[int(info.path.key[1:])]
                answer.is_reached = not isinstance(parent, Partial)
                children.extend((*one, answer.path) for one in objects_in(found, info.return_type))
            return found

        result = execute_sync(
            schema_of(asked[0].type), _document(asked), root_value=value, context_value=Caller(self.person),
            type_resolver=typename, middleware=[watched],
        )  # fmt: skip
        for error in result.errors or ():
            assert error.path and isinstance(error.original_error, REFUSALS), error
            answer = asked[int(str(error.path[0])[1:])]
            answer.said = words_of(error, answer.arguments)
            answer.is_reached &= not isinstance(error.original_error, NotImplementedHere)
        if result.data is None:
            return None if len(asked) > 1 else children
        for alias, found in result.data.items():
            raw, answer = json.dumps(found, sort_keys=True, default=str), asked[int(alias[1:])]
            answer.said += _SIGNED.sub(r"/files/\1/…", raw)
            answer.links = _SIGNED.findall(raw)
        return children


def _document(asked: Sequence[Answer]) -> Any:
    lines = []
    for place, one in enumerate(asked):
        kind = schema.type_map[one.type]
        assert isinstance(kind, GraphQLObjectType)
        inner = "{ __typename }" if possible_types(kind.fields[one.field].type) else ""
        lines.append(f"f{place}: {one.field}{one.arguments} {inner}")
    return parse("query { " + "\n".join(lines) + " }")


def words_of(error: Any, asked: str) -> str:
    """Give the words of a refusal, without what it repeats of the question."""
    text = f"{type(error.original_error).__name__}: {error.original_error or error.message}"
    for word in re.findall(r'"((?:[^"\\]|\\.)*)"', asked):
        for part in (word, *re.split(r"[:/]", word)):
            text = text.replace(part, "…") if part else text
    return text


def arguments_of(kind: GraphQLObjectType, name: str, guesses: Guesses) -> list[str]:
    declared = kind.fields[name].args
    tried = guesses.get(f"{kind.name}.{name}", guesses.get(name) if declared else None)
    if tried is None:
        required = [one for one, argument in declared.items() if is_required_argument(argument)]
        assert not required, f"Say in GUESSES which {required} of {kind.name}.{name} an outsider can guess."
        return [""]
    return [_written(kind, name, values) for values in tried]


def _written(kind: GraphQLObjectType, name: str, values: Mapping[str, Any]) -> str:
    declared = kind.fields[name].args
    parts = []
    for argument, value in values.items():
        ast = ast_from_value(value, declared[argument].type)
        assert ast is not None
        parts.append(f"{argument}: {print_ast(ast)}")
    return f"({', '.join(parts)})" if parts else ""


def objects_in(found: Any, kind: Any) -> Iterator[tuple[str, Any]]:
    possible = possible_types(kind)
    if found is None or not possible:
        return
    rows = found if isinstance(found, (list, tuple)) else [found]
    for one in itertools.filterfalse(lambda row: row is None, rows):
        yield (possible[0] if len(possible) == 1 else typename(one)), one


def possible_types(kind: Any) -> list[str]:
    named = get_named_type(kind)
    if isinstance(named, GraphQLObjectType):
        return [named.name]
    if isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)):
        return [one.name for one in schema.get_possible_types(named)]
    return []


def schema_of(kind: str) -> GraphQLSchema:
    """Give the same types, with this one to begin at."""
    if kind not in _schemas:
        types = [one for name, one in schema.type_map.items() if not name.startswith("__")]
        _schemas[kind] = GraphQLSchema(query=schema.type_map[kind], types=types)  # type: ignore[arg-type]
    return _schemas[kind]


def is_object(kind: str) -> bool:
    """Whether it counts as a step: connections, edges and answers of mutations lead through, and hold nothing."""
    return not kind.endswith(("Connection", "Edge", "Payload"))


def key_of(kind: str, value: Any) -> str:
    return f"{kind} {_frozen(value)}"


def _frozen(value: Any) -> str:
    """Say which object it is: a row by its number, whatever else by what it holds."""
    if isinstance(value, Model):
        return f"{type(value).__name__}:{value.pk}"
    if isinstance(value, Partial):
        return f"part of {_frozen(value.of)} {value.typename} {sorted(value.tells)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_frozen(one)}" for name, one in sorted(value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_frozen, value)) + "]"
    if hasattr(value, "__dataclass_fields__"):
        inner = {name: getattr(value, name) for name in value.__dataclass_fields__}
        return f"{type(value).__name__}{_frozen(inner)}"
    return _SIGNED.sub("…", str(value))
