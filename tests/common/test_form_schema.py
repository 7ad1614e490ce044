"""The JSON Schema of a form takes what the form takes, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.validators import MinValueValidator

from common.http.form_schema import NoSchema, field_schema, form_schema
from tests.json_schema import check_schema, validator


class Upper(forms.CharField):
    """Reads values its own way, and says so to nobody."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class Words(forms.Field):
    def to_python(self, value: Any) -> Any:
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


class MoreWords(Words):
    """Inherits both how it reads and how it says so."""


COLOURS = [("", "None"), ("Warm", [("red", "Red"), ("amber", "Amber")]), ("blue", "Blue")]


class Everything(forms.Form):
    name = forms.CharField(label="Name", help_text="Of the thing.", max_length=3)
    note = forms.CharField(required=False, strip=False)
    mail = forms.EmailField(required=False)
    page = forms.URLField(required=False, assume_scheme="https")
    count = forms.IntegerField(initial=5, min_value=1, max_value=9)
    share = forms.FloatField(validators=[MinValueValidator(5e-324)])
    size = forms.FloatField(required=False, min_value=lambda: 2)
    on = forms.BooleanField(required=False)
    agreed = forms.BooleanField(initial=True)
    colour = forms.ChoiceField(choices=COLOURS, required=False)
    sort = forms.ChoiceField(choices=[("", "Choose"), ("a", "First")], initial="a")
    sorts = forms.MultipleChoiceField(choices=[("a", "First"), ("b", "Second")], initial=["a"])
    document = forms.JSONField(required=False)
    words = MoreWords(required=False)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        (
            "name",
            {
                "type": "string", "title": "Name", "description": "Of the thing.", "minLength": 1, "maxLength": 3,
                "pattern": r"\S",
            },
        ),
        ("note", {"type": ["string", "null"]}),
        ("mail", {"type": ["string", "null"], "maxLength": 320, "format": "email"}),
        ("page", {"type": ["string", "null"], "format": "uri"}),
        ("count", {"type": "integer", "default": 5, "minimum": 1, "maximum": 9}),
        ("share", {"type": "number", "exclusiveMinimum": 0}),
        ("size", {"type": ["number", "null"], "minimum": 2}),
        ("on", {"type": ["boolean", "null"]}),
        ("agreed", {"type": "boolean", "default": True, "const": True}),
        (
            "colour",
            {
                "type": ["string", "null"], "enum": ["", "red", "amber", "blue", None],
                "description": "* `red` - Red\n* `amber` - Amber\n* `blue` - Blue",
            },
        ),
        ("sort", {"type": "string", "enum": ["a"], "default": "a", "description": "* `a` - First"}),
        (
            "sorts",
            {
                "type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "minItems": 1, "default": ["a"],
                "description": "* `a` - First\n* `b` - Second",
            },
        ),
        ("document", {}),
        ("words", {"type": ["array", "null"], "items": {"type": "string"}}),
    ],
)  # fmt: skip
def test_a_field_says_what_it_takes(name: str, schema: dict[str, Any]) -> None:
    assert field_schema(Everything.base_fields[name]) == schema


def test_a_form_takes_its_fields_and_no_others_and_asks_for_those_without_an_answer() -> None:
    schema = form_schema(Everything)
    check_schema(schema)
    assert list(schema["properties"]) == list(Everything.base_fields)
    assert (schema["required"], schema["additionalProperties"]) == (["name", "share"], False)


def test_a_form_adds_what_holds_between_its_fields() -> None:
    class Pair(forms.Form):
        first = forms.CharField(required=False)
        second = forms.CharField(required=False)
        schema_rules = {"dependentRequired": {"first": ["second"]}}

    judge = validator(form_schema(Pair))
    assert judge.is_valid({"first": "a", "second": "b"})
    assert not judge.is_valid({"first": "a"})


@pytest.mark.parametrize("field", [Upper(), forms.ModelChoiceField(queryset=None), forms.Field()])
def test_a_field_that_reads_values_its_own_way_must_say_its_schema(field: forms.Field) -> None:
    with pytest.raises(NoSchema, match=f"{type(field).__name__} .* give it a method json_schema"):
        field_schema(field)
