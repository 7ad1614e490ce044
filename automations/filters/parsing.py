"""Parsing of filter documents: everything is checked here, so that matching cannot fail."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from automations.filters import fields as known
from automations.filters.errors import FilterError, Path
from automations.filters.expressions import All, Either, Expression, Facts, Not, Test
from automations.filters.fields import FieldPath, Fields
from automations.filters.operands import Operand, check_length
from automations.filters.operators import FIELD_OPERATORS, LOGICAL_OPERATORS, OPERATORS

MAX_DEPTH = 20
MAX_NODES = 500
MAX_NAME = 300

_ROOT_NAME = re.compile(r"[A-Za-z_]\w*")
_EXISTING = f"Operators are: {', '.join(OPERATORS)}."
_SHORTER = 'Join values, such as {"alias": {"$in": ["a", "b"]}}.'
_EXAMPLE = 'Give an object, such as {"alias": {"$eq": "production"}}; {} lets everything through.'


@dataclass(frozen=True, eq=False)
class Filter:
    """A checked filter. Later changes to the document it came from, or to `document`, do not reach it."""

    expression: Expression
    fields: frozenset[str]
    _document: dict[str, object] = field(repr=False)

    @property
    def document(self) -> dict[str, object]:
        """A copy of what was saved: equal to it, keys in their order."""
        return copy.deepcopy(self._document)

    def matches(self, facts: Facts) -> bool:
        """Say whether the facts pass. Never raises for facts of plain values, whatever their types."""
        return self.expression.matches(facts)


def parse(document: object, *, fields: Fields) -> Filter:
    """Check a document and make it a filter. Raises FilterError with the path, the value and the remedy."""
    reader = _Reader(fields)
    expression = reader.mapping(document, (), depth=1)
    assert isinstance(document, dict)
    return Filter(expression, frozenset(reader.names), copy.deepcopy(document))


def describe(filter: Filter) -> str:
    """Say what the filter lets through: "alias is production and tag matches ^europe", or "any"."""
    return filter.expression.sentence().text


@dataclass
class _Reader:
    """Goes through one document, from its root down, and counts."""

    fields: Fields
    names: set[str] = field(default_factory=set)
    nodes: int = 0

    def mapping(self, document: object, path: Path, *, depth: int) -> Expression:
        """Read what stands where a filter stands: several keys must all hold."""
        entries = _entries(document, path, depth=depth, remedy=_EXAMPLE)
        if not entries:
            self._count(path, document)
        return _all(self._entry(key, value, (*path, key), depth=depth) for key, value in entries)

    def _entry(self, key: str, value: object, path: Path, *, depth: int) -> Expression:
        if not key.startswith("$"):
            return self._field(key, value, path, depth=depth)
        if key not in LOGICAL_OPERATORS:
            raise _misplaced(key, path)
        self._count(path, value)
        return _LOGICAL[key](self, value, path, depth + 1)

    def filters(self, value: object, path: Path, depth: int) -> tuple[Expression, ...]:
        if not isinstance(value, list):
            raise FilterError(path, value, "is no list", 'Give a list of filters, such as [{"alias": "production"}].')
        check_length(value, path)
        return tuple(self.mapping(item, (*path, str(at)), depth=depth) for at, item in enumerate(value))

    def some_filters(self, value: object, path: Path, depth: int) -> tuple[Expression, ...]:
        if value == []:
            # As in MongoDB. W&B means "any" by an empty $and, and by nothing else.
            raise FilterError(
                path, value, "has no filter in it", 'Give at least one; {"$and": []} lets everything through.'
            )
        return self.filters(value, path, depth)

    def _field(self, name: str, value: object, path: Path, *, depth: int) -> Expression:
        place = self._place(name, path)
        self.names.add(name)
        if isinstance(value, dict):
            return self._tests(name, place, value, path, depth=depth + 1)
        return self._test(name, place, "$eq", value, path)

    def _tests(self, name: str, place: FieldPath, value: object, path: Path, *, depth: int) -> Expression:
        """Read the operators under a field: all must hold."""
        entries = _entries(value, path, depth=depth, remedy='Give operators in an object, such as {"$eq": "x"}.')
        if not entries:
            raise FilterError(path, value, "names no operator", f'Give one, such as {{"$eq": "x"}}. {_EXISTING}')
        parts: list[Expression] = []
        for key, operand in entries:
            inner = (*path, key)
            if key == "$not":
                self._count(inner, operand)
                parts.append(Not(self._tests(name, place, operand, inner, depth=depth + 1)))
            else:
                parts.append(self._test(name, place, key, operand, inner))
        return _all(parts)

    def _test(self, name: str, place: FieldPath, key: str, operand: object, path: Path) -> Expression:
        operator = FIELD_OPERATORS.get(key)
        if operator is None:
            raise _misplaced(key, path)
        is_time = place.field.is_time
        if is_time and not operator.judges_times:
            usable = ", ".join(key for key, operator in FIELD_OPERATORS.items() if operator.judges_times)
            raise FilterError(path, key, f"does not judge times, and {name} is one", f"Use one of: {usable}.")
        self._count(path, operand)
        return Test(name, place, operator.test(Operand(operand, path, is_time)), operator.words(operand))

    def _place(self, name: str, path: Path) -> FieldPath:
        _check_name(name, path)
        place = known.field_path(name, self.fields)
        if place is None:
            names = known.names(self.fields)
            raise FilterError(
                path, name, "is no field here", f"Fields are: {names}." if names else "Check its spelling."
            )
        return place

    def _count(self, path: Path, value: object) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise FilterError(path, value, f"is one too many: a filter has {MAX_NODES} operators at most", _SHORTER)


def _entries(value: object, path: Path, *, depth: int, remedy: str) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        raise FilterError(path, value, "is no object", remedy)
    if depth > MAX_DEPTH:
        raise FilterError(path, value, "is nested too deep", f"Nest {MAX_DEPTH} objects at most.")
    for key in value:
        if not isinstance(key, str):
            raise FilterError(path, key, "is a key that is no text", f"Keys are fields and operators. {_EXISTING}")
    return list(value.items())


def _check_name(name: str, path: Path) -> None:
    root, *keys = name.split(".")
    if len(name) > MAX_NAME:
        raise FilterError(path, name, f"has {len(name)} characters", f"A field name has {MAX_NAME} at most.")
    if not _ROOT_NAME.fullmatch(root) or any(not key or key.startswith("$") for key in keys):
        raise FilterError(
            path, name, "is no field name", "It has letters, digits and _, and keys after dots, such as config.lr."
        )


def _misplaced(key: str, path: Path) -> FilterError:
    """Refuse a key that is no operator, or none in this place."""
    if key in LOGICAL_OPERATORS:
        return FilterError(path, key, "joins filters, so it does not stand under a field", _EXISTING)
    if key in FIELD_OPERATORS:
        return FilterError(path, key, "stands under a field", f'Write {{"alias": {{"{key}": …}}}}. {_EXISTING}')
    return FilterError(path, key, "is no operator", _EXISTING)


def _all(parts: Iterable[Expression]) -> Expression:
    found = tuple(parts)
    return found[0] if len(found) == 1 else All(found)


_LOGICAL: dict[str, Callable[[_Reader, object, Path, int], Expression]] = {
    "$and": lambda reader, value, path, depth: All(reader.filters(value, path, depth)),
    "$or": lambda reader, value, path, depth: Either(reader.some_filters(value, path, depth)),
    "$nor": lambda reader, value, path, depth: Not(Either(reader.some_filters(value, path, depth))),
    "$not": lambda reader, value, path, depth: Not(reader.mapping(value, path, depth=depth)),
}
