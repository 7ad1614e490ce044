"""JSON Schema (draft 2020-12) of what a Django form takes, made field by field.

It says what a client should send, and what comes back: a form reads more than that, such as the number in "5".
A field of our own that reads values its own way says its schema itself: `json_schema(self)`. A form may add what
holds between its fields: `schema_rules`. Libraries for this exist and are given up by their makers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# The smallest number above 0: as a least value it means "above 0".
_ABOVE_ZERO = math.ulp(0.0)


class NoSchema(TypeError):
    """A field whose values nobody has described; the message says what to write."""


def form_schema(form: type[forms.BaseForm]) -> Schema:
    """Give the schema of an object with the form's fields and no others. Raises NoSchema."""
    fields: Mapping[str, forms.Field] = form.base_fields  # type: ignore[attr-defined]  # the stubs lack it
    schema: Schema = {
        "type": "object",
        "properties": {name: field_schema(field) for name, field in fields.items()},
        # A field left out means its initial value, as on a page that shows it filled in.
        "required": [name for name, field in fields.items() if field.required and field.initial is None],
        "additionalProperties": False,
    }
    return {**schema, **getattr(form, "schema_rules", {})}


def field_schema(field: forms.Field) -> Schema:
    """Give the schema of one field: its values, and what people are told of it. Raises NoSchema."""
    schema = _values(field)
    if not field.required and isinstance(schema.get("type"), str):
        schema = _or_null(schema)
    described = "\n\n".join(text for text in (str(field.help_text), schema.pop("description", "")) if text)
    told = {"title": str(field.label or ""), "description": described, "default": field.initial}
    return {**{name: value for name, value in told.items() if value not in ("", None)}, **schema}


def _values(field: forms.Field) -> Schema:
    """Ask the field's class, or the nearest above it that is known to read values as the field does."""
    for kind in type(field).__mro__:
        if "json_schema" in vars(kind):
            schema: Schema = field.json_schema()  # type: ignore[attr-defined]
            return schema
        if kind in _OF_DJANGO:
            return _OF_DJANGO[kind](field)
        if "to_python" in vars(kind):
            break
    raise NoSchema(f"{type(field).__name__} reads values its own way: give it a method json_schema(self).")


def _or_null(schema: Schema) -> Schema:
    nullable = {**schema, "type": [schema["type"], "null"]}
    return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable


def _text(field: Any) -> Schema:
    schema: Schema = {"type": "string"}
    least = max(field.min_length or 0, 1 if field.required else 0)
    if least:
        schema["minLength"] = least
    if field.max_length is not None:
        schema["maxLength"] = field.max_length
    if field.required and field.strip:
        schema["pattern"] = r"\S"
    return schema


def _email(field: Any) -> Schema:
    return {**_text(field), "format": "email"}


def _url(field: Any) -> Schema:
    return {**_text(field), "format": "uri"}


def _integer(field: Any) -> Schema:
    return {"type": "integer", **_limits(field)}


def _number(field: Any) -> Schema:
    return {"type": "number", **_limits(field)}


def _limits(field: forms.Field) -> Schema:
    limits: Schema = {}
    for validator in field.validators:
        if isinstance(validator, MinValueValidator):
            least = _limit(validator)
            limits |= {"exclusiveMinimum": 0} if least == _ABOVE_ZERO else {"minimum": least}
        if isinstance(validator, MaxValueValidator):
            limits["maximum"] = _limit(validator)
    return limits


def _limit(validator: MinValueValidator | MaxValueValidator) -> Any:
    return validator.limit_value() if callable(validator.limit_value) else validator.limit_value


def _boolean(field: forms.Field) -> Schema:
    # A box that must be ticked takes only true.
    return {"type": "boolean", "const": True} if field.required else {"type": "boolean"}


def _choice(field: Any) -> Schema:
    choices = _flat(field.choices)
    listed = "\n".join(f"* `{key}` - {label}" for key, label in choices if key != "")
    keys = [key for key, _label in choices if not field.required or key != ""]
    blank = [] if field.required or "" in keys else [""]
    return {"type": "string", "enum": [*blank, *keys], "description": listed}


def _choices(field: Any) -> Schema:
    one = _choice(field)
    schema = {"type": "array", "items": {"type": "string", "enum": one["enum"]}, "description": one["description"]}
    return {**schema, "minItems": 1} if field.required else schema


def _flat(choices: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Give the choices of all groups, in order."""
    found = []
    for key, label in choices:
        found += _flat(label) if isinstance(label, (list, tuple)) else [(str(key), str(label))]
    return found


def _anything(field: forms.Field) -> Schema:
    return {}


_OF_DJANGO: dict[type[forms.Field], Callable[[Any], Schema]] = {
    forms.CharField: _text,
    forms.EmailField: _email,
    forms.URLField: _url,
    forms.IntegerField: _integer,
    forms.FloatField: _number,
    forms.BooleanField: _boolean,
    forms.ChoiceField: _choice,
    forms.MultipleChoiceField: _choices,
    forms.JSONField: _anything,
}
