"""DRF serializers made from Django forms: REST takes what the form has, and the form validates it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from rest_framework import serializers

from common.http.serializers import OnlyKnownFields
from integrations.forms import PrivateField


def serializer_of(
    name: str,
    form: type[forms.Form],
    *,
    partial: bool = False,
    read_only: dict[str, Any] | None = None,
    represent: Callable[[Any], dict[str, Any]] | None = None,
) -> type[serializers.Serializer[Any]]:
    """Give a serializer with a field for each of the form's; with `partial` none is required."""
    fields = {key: _field(field, partial=partial) for key, field in form.base_fields.items()}
    parts: dict[str, Any] = {**fields, **(read_only or {})}
    if represent:
        parts["to_representation"] = lambda _serializer, row: _represented(represent(row), read_only or {})
    return type(name, (OnlyKnownFields, serializers.Serializer), parts)


def _represented(values: dict[str, Any], read_only: dict[str, Any]) -> dict[str, Any]:
    """Write times as the fields of REST do."""
    return {
        name: read_only[name].to_representation(value) if name in read_only and value is not None else value
        for name, value in values.items()
    }


def _field(field: forms.Field, *, partial: bool) -> serializers.Field[Any, Any, Any, Any]:
    private = isinstance(field, PrivateField)
    required = field.required and not partial
    options: dict[str, Any] = {"required": required, "help_text": str(field.help_text or field.label or "")}
    if private:
        options["write_only"] = True
    if isinstance(field, forms.BooleanField):
        return serializers.BooleanField(**options)
    if isinstance(field, forms.IntegerField):
        limits: dict[str, Any] = {"min_value": field.min_value, "max_value": field.max_value}
        return serializers.IntegerField(**options, **limits, allow_null=not field.required)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.MultipleChoiceField):
        # Over REST events go by their names on the wire, which the door looks up.
        return serializers.CharField(**options)
    if isinstance(field, forms.CharField):
        return serializers.CharField(**options, allow_blank=not field.required, trim_whitespace=False)
    return serializers.JSONField(**options)
