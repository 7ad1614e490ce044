"""JSON Schema (draft 2020-12) of what a REST serializer takes: as OpenAPI has it, in one piece."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from rest_framework.generics import GenericAPIView
from rest_framework.serializers import Serializer

from common.http.form_schema import Schema
from common.http.serializers import OnlyKnownFields

_COMPONENTS, _DEFINITIONS = "#/components/schemas/", "#/$defs/"
# drf-spectacular's own note, by which it names enums later.
_NOTE = "x-spec-enum-id"


def serializer_schema(serializer: type[Serializer[Any]]) -> Schema:
    """Give the schema of what is sent. OpenAPI is to be 3.1 or later: before, its schemas are no JSON Schema."""
    maker: Any = AutoSchema()
    maker.registry, maker.view = ComponentRegistry(), GenericAPIView(request=None, format_kwarg=None)
    maker.method, maker.path = "POST", ""
    wanted = maker.resolve_serializer(serializer, "request")
    parts = {name: _in_one_piece(one.schema) for (name, _kind), one in maker.registry._components.items()}
    schema: Schema = parts.pop(wanted.name)
    # A docstring for maintainers, where the serializer has none of its own.
    schema.pop("description", None)
    if issubclass(serializer, OnlyKnownFields):
        schema["additionalProperties"] = False
    return {**schema, "$defs": parts} if parts else schema


def _in_one_piece(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_one_piece(inner) for name, inner in value.items() if name != _NOTE}
    if isinstance(value, (list, tuple)):
        return [_in_one_piece(inner) for inner in value]
    is_reference = isinstance(value, str) and value.startswith(_COMPONENTS)
    return _DEFINITIONS + value.removeprefix(_COMPONENTS) if is_reference else value
