"""Serializer parts: refuse unknown fields, and name the choices there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from common.data.validation_errors import quoted

# What stands in such a field is not said back: it may be a secret in a field whose name is misspelled.
UNKNOWN_FIELD = "unknown_field"

if TYPE_CHECKING:
    _Serializer = serializers.Serializer[Any]
else:
    _Serializer = object


class DescriptionField(serializers.CharField):
    """Words of people, which nobody needs to say. None, which the wandb SDK keeps apart, is said as empty here."""

    def __init__(self, **given: Any) -> None:
        usual = {} if given.get("read_only") else {"required": False, "allow_blank": True, "default": ""}
        super().__init__(**{**usual, **given})

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or ""


class OnlyKnownFields(_Serializer):
    """For serializers: a field that does not exist is refused, not passed over in silence.

    `former_names` leads from a name that a field had before to the one it has now.
    """

    former_names: ClassVar[Mapping[str, str]] = {}

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            there = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {name: [ErrorDetail(f"{self._no_field(name)} Fields are: {there}.", UNKNOWN_FIELD)] for name in unknown}
            )
        return super().to_internal_value(data)

    def _no_field(self, name: object) -> str:
        now = self.former_names.get(name) if isinstance(name, str) else None
        return f"There is no field {quoted(name)} here{f': it is called {now} now' if now else ''}."


class ListedChoiceField(serializers.ChoiceField):
    """A choice whose refusal lists what there is to choose.

    Choices that a function gives are asked for by each serializer: what registers later is among them.
    """

    def __init__(self, choices: Sequence[Any] | Callable[[], Sequence[Any]], **options: Any) -> None:
        super().__init__(choices() if callable(choices) else choices, **options)
        listed = ", ".join(str(key) for key in self.choices)
        self.error_messages["invalid_choice"] = f"{{input!r}} is no choice here. Choose one of: {listed}."
