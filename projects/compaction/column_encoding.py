"""Column encoding: the values that rows hold under one key, as bytes, and back: the same JSON values, in their order.

Numbers are packed; a few that are none (null, "NaN" as text, flags) stand beside them. Anything else is JSON, deflated.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

from common.data.strict_json import parsed
from projects.compaction.float_packing import packed_floats, unpacked_floats
from projects.compaction.integer_packing import Packed, deflated, packed_integers, unpacked_integers

# As they are written: none may ever mean another.
_JSON, _INTEGERS, _FLOATS, _NUMBERS, _WITH_OTHERS = range(5)
# Of so many values one may be no number, and still the column is one of numbers.
_ONE_OTHER_IN = 8
# Up to here an integer is one as a float too.
_EXACT = 2**53


def encoded_column(values: Sequence[Any]) -> Packed:
    kinds = set(map(type, values))
    if kinds == {int}:
        integers = packed_integers(values)
        return _as_json(values) if integers is None else [_INTEGERS, integers]
    if kinds == {float}:
        return _floats(values)
    if kinds == {int, float} and all(-_EXACT < value < _EXACT for value in values if type(value) is int):
        kind = packed_integers([int(type(value) is int) for value in values])
        return [_NUMBERS, kind, _floats([float(value) for value in values])]
    return _with_others(values)


def decoded_column(column: Packed, count: int) -> list[Any]:
    """Give the values. Raises ValueError where that is not what was written."""
    way, *how = column
    if way == _JSON:
        found: list[Any] = parsed(zlib.decompress(how[0]).decode())
        return found
    if way == _INTEGERS:
        return unpacked_integers(how[0], count)
    if way == _FLOATS:
        return unpacked_floats(how[0], count)
    if way == _NUMBERS:
        kind = unpacked_integers(how[0], count)
        numbers = decoded_column(how[1], count)
        return [int(value) if is_integer else value for is_integer, value in zip(kind, numbers, strict=True)]
    if way == _WITH_OTHERS:
        numbers = decoded_column(how[1], count)
        for place, value in parsed(zlib.decompress(how[0]).decode()):
            numbers[place] = value
        return numbers
    raise ValueError(f"No column is written in way {way}.")


def _floats(values: Sequence[float]) -> Packed:
    """Pack floats; NaN, infinity and -0.0 beside them where they are few: as scaled integers there are none."""
    odd = [place for place, value in enumerate(values) if not math.isfinite(value) or (not value and _is_below(value))]
    if odd and len(odd) * _ONE_OTHER_IN <= len(values):
        return _apart(values, odd)
    return [_FLOATS, packed_floats(values)]


def _with_others(values: Sequence[Any]) -> Packed:
    others = [place for place, value in enumerate(values) if type(value) not in (int, float)]
    if len(others) * _ONE_OTHER_IN > len(values):
        return _as_json(values)
    return _apart(values, others) if others else _as_json(values)


def _apart(values: Sequence[Any], places: Sequence[int]) -> Packed:
    """Give these beside the column, and in it the value before them in their place."""
    filled, apart = list(values), set(places)
    known = next(value for place, value in enumerate(values) if place not in apart)
    for place in range(len(filled)):
        if place in apart:
            filled[place] = known
        known = filled[place]
    return [_WITH_OTHERS, deflated(_text([[place, values[place]] for place in places])), encoded_column(filled)]


def _is_below(value: float) -> bool:
    return math.copysign(1.0, value) < 0


def _as_json(values: Sequence[Any]) -> Packed:
    return [_JSON, deflated(_text(values))]


def _text(value: Any) -> bytes:
    # Escaped: a half of a surrogate pair has no other way to be written.
    return json.dumps(value, separators=(",", ":")).encode()
