"""Operators of filter documents. Each reads its operand once and gives the test of a field's value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from automations.filters.operands import Operand
from automations.filters.values import MISSING, Key, each, is_list, key, keys, kind, written
from common.data.strict_json import repaired

Holds = Callable[[object], bool]

MAX_REGEX = 500


@dataclass(frozen=True)
class Operator:
    """`test` gives what the operand asks of a field's value, and raises FilterError for a wrong operand."""

    test: Callable[[Operand], Holds]
    words: Callable[[Any], str]
    judges_times: bool = False


def _eq(operand: Operand) -> Holds:
    return _among(keys([operand.value_or_list()]))


def _ne(operand: Operand) -> Holds:
    return _negated(_eq(operand))


def _in(operand: Operand) -> Holds:
    return _among(keys(operand.list_of_values()))


def _nin(operand: Operand) -> Holds:
    return _negated(_in(operand))


def _all(operand: Operand) -> Holds:
    tests = [_among(keys([value])) for value in operand.list_of_values()]
    # As in MongoDB: all of nothing is nothing.
    return lambda value: bool(tests) and all(test(value) for test in tests)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Operand], Holds]:
    def test(operand: Operand) -> Holds:
        limit = operand.ordered()
        kind_of_limit = kind(limit)
        return lambda value: any(kind(one) == kind_of_limit and compare(one, limit) for one in each(value))

    return test


def _exists(operand: Operand) -> Holds:
    wanted = operand.boolean()
    return lambda value: (value is not MISSING) == wanted


def _regex(operand: Operand) -> Holds:
    pattern = operand.text(longest=MAX_REGEX)
    try:
        search = _compiled(pattern).search
    except UnicodeEncodeError:
        raise operand.refusal("holds half of a surrogate pair", "Leave that character out.") from None
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise operand.refusal(
            f"is no regular expression (RE2): {reason}",
            "Look-arounds and back-references do not exist there, and a repetition counts to 1000 at most.",
        ) from None
    return lambda value: any(isinstance(one, str) and search(repaired(one)) is not None for one in each(value))


def _contains(operand: Operand) -> Holds:
    wanted = operand.single()
    if isinstance(wanted, str):
        return lambda value: any(isinstance(one, str) and wanted in one for one in each(value))
    member = _among(keys([wanted]))
    return lambda value: is_list(value) and member(value)


def _size(operand: Operand) -> Holds:
    size = operand.count()
    return lambda value: isinstance(value, (list, tuple)) and len(value) == size


def _among(wanted: frozenset[Key]) -> Holds:
    wants_lists = any(name == "list" for name, _value in wanted)

    def test(value: object) -> bool:
        # key() gives None for what equals nothing, and None is never wanted. A missing field equals null.
        if not isinstance(value, (list, tuple)):
            return key(None if value is MISSING else value) in wanted
        return any(key(one) in wanted for one in value) or (wants_lists and key(value) in wanted)

    return test


def _negated(test: Holds) -> Holds:
    return lambda value: not test(value)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    # An eighth of the default: one filter may hold hundreds of patterns.
    options.max_mem = 1 << 20
    return re2.compile(pattern, options)


def _says(words: str) -> Callable[[Any], str]:
    return lambda operand: f"{words} {written(operand)}"


FIELD_OPERATORS: Mapping[str, Operator] = {
    "$eq": Operator(_eq, _says("is"), judges_times=True),
    "$ne": Operator(_ne, _says("is not"), judges_times=True),
    "$gt": Operator(_ordered(operator.gt), _says("is above"), judges_times=True),
    "$gte": Operator(_ordered(operator.ge), _says("is at least"), judges_times=True),
    "$lt": Operator(_ordered(operator.lt), _says("is below"), judges_times=True),
    "$lte": Operator(_ordered(operator.le), _says("is at most"), judges_times=True),
    "$in": Operator(_in, _says("is one of"), judges_times=True),
    "$nin": Operator(_nin, _says("is none of"), judges_times=True),
    "$exists": Operator(_exists, lambda wanted: "exists" if wanted else "does not exist", judges_times=True),
    "$regex": Operator(_regex, _says("matches")),
    "$contains": Operator(_contains, _says("contains")),
    "$all": Operator(_all, _says("has all of")),
    "$size": Operator(_size, lambda size: f"has {size} {'element' if size == 1 else 'elements'}"),
}
LOGICAL_OPERATORS = ("$and", "$or", "$nor", "$not")
OPERATORS = (*LOGICAL_OPERATORS, *FIELD_OPERATORS)
