"""Float packing: as integers of a scale, as float32 where that gives the same digits back, else as doubles.

Nothing is taken that does not give back the same bits.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence

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
# Those of ten that are exact as floats.
_POWERS = tuple(10.0**exponent for exponent in range(23))
# So many values say which way is the smallest.
_SAMPLE = 256


def packed_floats(values: Sequence[float]) -> Packed:
    """Give the smallest of those that give the same bits back."""
    sample = values[:: max(1, len(values) // _SAMPLE)]
    sizes = {way: _size(packed) for way in _WAYS if (packed := way(sample)) is not None}
    for way in sorted(sizes, key=sizes.__getitem__):
        packed = way(values)
        if packed is not None:
            return packed
    return [_DOUBLES, planes_of(array("d", values))]


def unpacked_floats(packed: Packed, count: int) -> list[float]:
    way, *how = packed
    if way == _DOUBLES:
        return words_of_planes(how[0], "d").tolist()
    if way == _FLOAT32:
        return words_of_planes(how[0], "f").tolist()
    if way == _FLOAT32_DIGITS:
        return _with_decimals(words_of_planes(how[0], "f").tolist(), unpacked_integers(how[1], count))
    scale = _scale(way, how[0])
    return [number / scale for number in unpacked_integers(how[1], count)]


def _as_decimals(values: Sequence[float]) -> Packed | None:
    decimals = _decimals(values)
    most = max(decimals, default=-1)
    return _scaled(_DECIMAL, most, values) if 0 <= most <= _MOST_DECIMALS else None


def _as_binary(values: Sequence[float]) -> Packed | None:
    if not all(map(math.isfinite, values)):
        return None
    bits = max(value.as_integer_ratio()[1] for value in values).bit_length() - 1
    return _scaled(_BINARY, bits, values) if bits <= _MOST_BITS else None


def _as_float32(values: Sequence[float]) -> Packed | None:
    singles = _singles(values)
    return None if singles is None or not _is_same(singles, values) else [_FLOAT32, planes_of(singles)]


def _as_float32_digits(values: Sequence[float]) -> Packed | None:
    """As float32, and behind how many digits each is rounded: what most programs print of one."""
    singles, decimals = _singles(values), _decimals(values)
    if singles is None or not decimals or max(decimals) >= len(_POWERS):
        return None
    packed = packed_integers(decimals)
    if packed is None or not _is_same(_with_decimals(singles.tolist(), decimals), values):
        return None
    return [_FLOAT32_DIGITS, planes_of(singles), packed]


def _as_doubles(values: Sequence[float]) -> Packed:
    return [_DOUBLES, planes_of(array("d", values))]


_WAYS: tuple[Callable[[Sequence[float]], Packed | None], ...] = (
    _as_decimals,
    _as_binary,
    _as_float32,
    _as_float32_digits,
    _as_doubles,
)


def _singles(values: Sequence[float]) -> array[float] | None:
    if any(abs(value) > _LARGEST_FLOAT32 and not math.isinf(value) for value in values):
        return None
    return array("f", values)


def _scaled(way: int, exponent: int, values: Sequence[float]) -> Packed | None:
    scale = _scale(way, exponent)
    if max(map(abs, values)) * scale >= 2.0**62:
        return None
    numbers = [round(value * scale) for value in values]
    if not _is_same([number / scale for number in numbers], values):
        return None
    packed = packed_integers(numbers)
    return None if packed is None else [way, exponent, packed]


def _scale(way: int, exponent: int) -> int:
    base: int = 10 if way == _DECIMAL else 2
    return int(base**exponent)


def _decimals(values: Sequence[float]) -> list[int]:
    """Give how many digits of each stand behind the point; nothing where one has none to say."""
    found = []
    for value in values:
        if not math.isfinite(value):
            return []
        digits, _, exponent = repr(value).partition("e")
        _whole, _, fraction = digits.partition(".")
        found.append(max(0, len(fraction if fraction != "0" else "") - int(exponent or 0)))
    return found


def _with_decimals(singles: Sequence[float], decimals: Sequence[int]) -> list[float]:
    powers = [_POWERS[places] for places in decimals]
    # Too large to be rounded so, one is no number then, and another way is taken.
    products = [single * power for single, power in zip(singles, powers, strict=True)]
    return [
        round(product) / power if abs(product) < 2.0**62 else math.nan
        for product, power in zip(products, powers, strict=True)
    ]


def _is_same(found: Sequence[float], values: Sequence[float]) -> bool:
    return array("d", found).tobytes() == array("d", values).tobytes()


def _size(packed: Packed) -> int:
    way, *how = packed
    size = sum(map(len, how[1][-1] if way in (_DECIMAL, _BINARY) else how[0]))
    return size + sum(map(len, how[1][-1])) if way == _FLOAT32_DIGITS else size
