"""Integer packing: deltas, as few bytes each as the widest takes, byte-shuffled: each plane deflated (zlib)."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

_TYPES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_LEVEL = 6
# How a plane of bytes begins.
_RAW, _DEFLATED = b"\0", b"\1"
Packed = list[Any]


def packed_integers(numbers: Sequence[int]) -> Packed | None:
    """Give them with or without deltas, whichever is smaller; None where one does not fit into 64 bits."""
    by_delta = _packed([0, *map(int.__sub__, numbers[1:], numbers[:-1])], numbers[0], is_delta=True)
    plain = _packed(numbers, 0, is_delta=False)
    found = [one for one in (by_delta, plain) if one is not None]
    return min(found, key=lambda one: sum(map(len, one[-1])), default=None)


def unpacked_integers(packed: Packed, count: int) -> list[int]:
    is_delta, first, planes = packed
    zigzag = words_of_planes(planes, _TYPES[len(planes)])
    numbers = [-(one >> 1) - 1 if one & 1 else one >> 1 for one in zigzag]
    if len(numbers) != count:
        raise ValueError(f"There are {len(numbers)} values, not {count}.")
    if is_delta:
        numbers[0] = first
        return list(accumulate(numbers))
    return numbers


def _packed(numbers: Sequence[int], first: int, *, is_delta: bool) -> Packed | None:
    zigzag = [one << 1 if one >= 0 else (-one << 1) - 1 for one in numbers]
    width = next((width for width in _TYPES if max(zigzag) < 1 << 8 * width), None)
    if width is None or not -(1 << 63) <= first < 1 << 63:
        return None
    return [is_delta, first, planes_of(array(_TYPES[width], zigzag))]


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, _LEVEL)


def planes_of(words: array[Any]) -> list[bytes]:
    """Give all first bytes, then all second ones: those of a kind are alike. Those that are noise stay as they are."""
    data, width = _bytes_of(words), words.itemsize
    return [_smaller(data[place::width]) for place in range(width)]


def words_of_planes(planes: Sequence[bytes], typecode: str) -> array[Any]:
    words: array[Any] = array(typecode)
    plain = [plane[1:] if plane[:1] == _RAW else zlib.decompress(plane[1:]) for plane in planes]
    data = bytearray(len(plain[0]) * words.itemsize)
    for place, plane in enumerate(plain):
        data[place :: words.itemsize] = plane
    words.frombytes(bytes(data))
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _smaller(plane: bytes) -> bytes:
    packed = deflated(plane)
    return _DEFLATED + packed if len(packed) < len(plane) else _RAW + plane


def _bytes_of(words: array[Any]) -> bytes:
    """Give them little-endian, on any machine."""
    if sys.byteorder == "big":
        words = array(words.typecode, words)
        words.byteswap()
    return words.tobytes()
