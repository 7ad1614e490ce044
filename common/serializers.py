"""What every REST door may use to read what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from common.refusals import quoted

# What stands in such a field is not said back: it may be a secret in a field whose name is misspelled.
UNKNOWN_FIELD = "unknown_field"

if TYPE_CHECKING:
    _Serializer = serializers.Serializer[Any]
else:
    _Serializer = object


class OnlyKnownFields(_Serializer):
    """For serializers: a field that does not exist is refused, not passed over in silence."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            there = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {
                    name: [ErrorDetail(f"There is no field {quoted(name)} here. Fields are: {there}.", UNKNOWN_FIELD)]
                    for name in unknown
                }
            )
        return super().to_internal_value(data)


class ListedChoiceField(serializers.ChoiceField):
    """A choice whose refusal lists what there is to choose."""

    def __init__(self, choices: Sequence[Any], **options: Any) -> None:
        super().__init__(choices, **options)
        listed = ", ".join(str(key) for key in self.choices)
        self.error_messages["invalid_choice"] = f"{{input!r}} is no choice here. Choose one of: {listed}."
