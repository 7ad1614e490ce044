"""Float packing: as integers of a scale, as float32 where that gives the same digits back, else as doubles.

Each way is tried, and none is taken that does not give back the same bits.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence

from projects.compaction.integer_packing import (
    Packed,
    packed_integers,
    planes_of,
    unpacked_integers,
    words_of_planes,
)

# The ways, as they are written: none may ever mean another.
_DOUBLES, _FLOAT32, _FLOAT32_DIGITS, _DECIMAL, _BINARY = range(5)
_MOST_DECIMALS, _MOST_BITS = 12, 60
_LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127


def packed_floats(values: Sequence[float]) -> Packed:
    """Give the smallest of those that give the same bits back."""
    return min(_ways(values), key=_size)


def unpacked_floats(packed: Packed, count: int) -> list[float]:
    way, *how = packed
    if way == _DOUBLES:
        return words_of_planes(how[0], "d").tolist()
    if way in (_FLOAT32, _FLOAT32_DIGITS):
        singles = words_of_planes(how[0], "f").tolist()
        return singles if way == _FLOAT32 else with_shortest_digits(singles)
    scale = _scale(way, how[0])
    return [number / scale for number in unpacked_integers(how[1], count)]


def _ways(values: Sequence[float]) -> Iterator[Packed]:
    wanted = array("d", values).tobytes()
    finite = all(map(math.isfinite, values))
    if finite:
        yield from _scaled(_DECIMAL, _decimals(values), values, wanted)
        yield from _scaled(_BINARY, _bits(values), values, wanted)
    if all(not abs(value) > _LARGEST_FLOAT32 or math.isinf(value) for value in values):
        singles = array("f", values)
        data = planes_of(singles)
        if array("d", singles).tobytes() == wanted:
            yield [_FLOAT32, data]
            return
        if finite and array("d", with_shortest_digits(singles.tolist())).tobytes() == wanted:
            yield [_FLOAT32_DIGITS, data]
            return
    yield [_DOUBLES, planes_of(array("d", values))]


def _scaled(way: int, exponent: int | None, values: Sequence[float], wanted: bytes) -> Iterator[Packed]:
    if exponent is None:
        return
    scale = _scale(way, exponent)
    if max(map(abs, values)) * scale >= 2.0**62:
        return
    numbers = [round(value * scale) for value in values]
    if array("d", [number / scale for number in numbers]).tobytes() == wanted:
        found = packed_integers(numbers)
        if found is not None:
            yield [way, exponent, found]


def _scale(way: int, exponent: int) -> int:
    base: int = 10 if way == _DECIMAL else 2
    return int(base**exponent)


def _decimals(values: Sequence[float]) -> int | None:
    """Give how many digits stand behind the point at most; None for too many."""
    most = 0
    for value in values:
        digits, _, exponent = repr(value).partition("e")
        places = len(digits.partition(".")[2].rstrip("0")) - int(exponent or 0)
        if places > _MOST_DECIMALS:
            return None
        most = max(most, places)
    return most


def _bits(values: Sequence[float]) -> int | None:
    """Give how many binary digits stand behind the point at most; None for too many."""
    most = max(value.as_integer_ratio()[1] for value in values).bit_length() - 1
    return most if most <= _MOST_BITS else None


def with_shortest_digits(singles: Sequence[float]) -> list[float]:
    """Give each float32 as the number that its shortest digits write, which is what most programs print of it."""
    found = list(singles)
    open_places = range(len(found))
    for digits in (6, 7, 8):
        spelled = [float(f"{singles[place]:.{digits}g}") for place in open_places]
        # Rounding up, the largest would leave the range.
        back = array("f", [value if abs(value) <= _LARGEST_FLOAT32 else math.inf for value in spelled])
        left = []
        for place, value, single in zip(open_places, spelled, back, strict=True):
            if single == singles[place]:
                found[place] = value
            else:
                left.append(place)
        open_places = left  # type: ignore[assignment]
    for place in open_places:
        found[place] = float(f"{singles[place]:.9g}")
    return found


def _size(packed: Packed) -> int:
    way, *how = packed
    return sum(map(len, how[1][-1] if way in (_DECIMAL, _BINARY) else how[0]))
