"""Typed access to the JSON settings of a row: each is an attribute, validated as a model field is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Field

from integrations.models import Integration


class Setting(property):
    """An entry of an integration's `settings` as an attribute; where nothing was set, the default of `field`."""

    def __init__(self, field: Field[Any, Any]) -> None:
        super().__init__(self._read, self._write)
        self.field = field

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.field.set_attributes_from_name(name)

    def _read(self, row: Integration) -> Any:
        return row.settings[self.name] if self.name in row.settings else self.field.get_default()

    def _write(self, row: Integration, value: Any) -> None:
        row.settings = {**row.settings, self.name: value}


class TypedRow:
    """Goes before `Integration` in a proxy of it; `of_kind` is the key of the kind."""

    of_kind: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Rows that come from the database bring their kind along, each value by its place.
        super().__init__(*args, **(kwargs if args else {"kind": self.of_kind, **kwargs}))

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Check the settings along with the columns. Raises ValidationError by field."""
        errors: dict[str, Any] = {}
        left_out = set(exclude or ())
        try:
            super().clean_fields({*left_out, *(["name"] if self.name_field() else [])})  # type: ignore[misc]
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for name, field in self._checked_fields():
            value = getattr(self, name)
            if name not in left_out and not (field.blank and value in field.empty_values):
                try:
                    setattr(self, name, field.clean(value, self))  # type: ignore[arg-type]
                except ValidationError as error:
                    errors[name] = error.error_list
        if errors:
            raise ValidationError(errors)

    @classmethod
    def settings_of_kind(cls) -> dict[str, Field[Any, Any]]:
        """Give the settings there are, by name."""
        return {name: one.field for name, one in vars(cls).items() if isinstance(one, Setting)}

    @classmethod
    def name_field(cls) -> Field[Any, Any] | None:
        """Say what a name may be where a kind is stricter than the table."""
        return None

    def _checked_fields(self) -> Iterator[tuple[str, Field[Any, Any]]]:
        if stricter := self.name_field():
            yield "name", stricter
        yield from self.settings_of_kind().items()
