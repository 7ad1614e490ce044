"""The judge of JSON Schemas, imported when a test first asks: its grammars take seconds, and collecting must not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Give what tells whether a value fits this schema."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema)


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise `jsonschema.SchemaError` where it is no schema of draft 2020-12."""
    validator({}).check_schema(schema)


def dialect() -> str:
    return str(validator({}).META_SCHEMA["$id"])
