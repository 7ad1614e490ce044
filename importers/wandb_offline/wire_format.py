"""Read protobuf's wire format: fields by their number, without a schema; what one means is for the caller to say.

Only as much as a record of the wandb SDK takes, so that Runbell needs neither protobuf nor the SDK's classes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LENGTHS = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
# Longer is no number of 64 bits.
_LONGEST_VARINT = 10


class DamagedMessage(ValueError):
    """These bytes are no message."""


@dataclass(frozen=True)
class Message:
    """A message, read when it is asked. What is not there is empty, as protobuf has it."""

    data: bytes = b""

    @cached_property
    def _fields(self) -> dict[int, list[int | bytes]]:
        found: dict[int, list[int | bytes]] = {}
        for number, value in _read_fields(self.data):
            found.setdefault(number, []).append(value)
        return found

    def numbers(self) -> list[int]:
        """Give the fields that are there. Raises DamagedMessage."""
        return list(self._fields)

    def has(self, number: int) -> bool:
        return number in self._fields

    def all_bytes(self, number: int) -> list[bytes]:
        return [value for value in self._fields.get(number, ()) if isinstance(value, bytes)]

    def all_texts(self, number: int) -> list[str]:
        return [value.decode(errors="replace") for value in self.all_bytes(number)]

    def text(self, number: int) -> str:
        return (self.all_texts(number) or [""])[-1]

    def messages(self, number: int) -> list[Message]:
        return [Message(value) for value in self.all_bytes(number)]

    def message(self, number: int) -> Message:
        return (self.messages(number) or [Message()])[-1]

    def integer(self, number: int) -> int:
        """Give a signed number of 32 or 64 bits: negative ones are written as large ones."""
        value = (self._fields.get(number) or [0])[-1]
        if not isinstance(value, int):
            return 0
        return value - 2**64 if value >= 2**63 else value

    def double(self, number: int) -> float:
        value = (self.all_bytes(number) or [b""])[-1]
        return float(struct.unpack("<d", value)[0]) if len(value) == 8 else 0.0


def _read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in _LENGTHS:
            length = _LENGTHS[kind]
        else:
            raise DamagedMessage(f"a field of the kind {kind}")
        if place + length > len(data):
            raise DamagedMessage("it breaks off")
        yield number, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for count, byte in enumerate(data[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, place + count + 1
    raise DamagedMessage("a number that does not end")
