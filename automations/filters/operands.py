"""Operands of filter documents, checked for what each operator takes."""

from __future__ import annotations

from dataclasses import dataclass

from automations.filters.errors import FilterError, Path
from automations.filters.values import moment

MAX_LIST = 1000
_LARGEST = 2**64


@dataclass(frozen=True)
class Operand:
    """A value with its place. Each method gives it as one kind of value, or raises FilterError."""

    value: object
    path: Path
    is_time: bool = False

    def value_or_list(self) -> object:
        """Give a single value, or a list of them to compare as a whole; times as moments."""
        if not isinstance(self.value, list):
            return self.single()
        return [item.single() for item in self._items(self.value)]

    def list_of_values(self) -> list[object]:
        if not isinstance(self.value, list):
            raise self.refusal("is no list", 'Give a list of values, such as ["a", "b"].')
        return [item.value_or_list() for item in self._items(self.value)]

    def single(self) -> object:
        """Give null, a boolean, a number or a text; a moment if the field holds times."""
        match self.value:
            case None:
                return None
            case int() if abs(self.value) >= _LARGEST:
                raise self.refusal("is too large", "A whole number has 64 bits at most.")
            case bool() | int() | float() | str():
                return self._moment() if self.is_time else self.value
            case list():
                raise self.refusal("is a list in a place for one value", "Give a text, a number, true, false or null.")
            case dict():
                raise self.refusal(
                    "is an object, and objects are not compared",
                    'Compare the values inside, such as {"config.model.depth": 3}; operators start with $.',
                )
        raise self.refusal("is no JSON value", "Give a text, a number, true, false or null.")

    def ordered(self) -> object:
        """Give what has an above and a below: a number, a text or a moment."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float, str)):
            raise self.refusal("is neither a number nor a text", "Only those are above or below others.")
        return self.single()

    def text(self, *, longest: int) -> str:
        if not isinstance(self.value, str):
            raise self.refusal("is no text", "Put it in quotes.")
        if len(self.value) > longest:
            raise self.refusal(f"has {len(self.value)} characters", f"Use {longest} at most.")
        return self.value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.refusal("is neither true nor false", "Give true for a field that is there, else false.")
        return self.value

    def count(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 0 <= self.value < _LARGEST:
            raise self.refusal("is no number of elements", "Give a whole number from 0.")
        return self.value

    def refusal(self, reason: str, remedy: str) -> FilterError:
        return FilterError(self.path, self.value, reason, remedy)

    def _items(self, values: list[object]) -> list[Operand]:
        check_length(values, self.path)
        return [Operand(item, (*self.path, str(at)), self.is_time) for at, item in enumerate(values)]

    def _moment(self) -> object:
        found = moment(self.value)
        if found is None:
            raise self.refusal("is no time", "Write it as ISO 8601, such as 2026-11-23T10:00:00Z.")
        return found


def check_length(items: list[object], path: Path) -> None:
    if len(items) > MAX_LIST:
        raise FilterError(path, items, f"has {len(items)} elements", f"A list has {MAX_LIST} at most.")
