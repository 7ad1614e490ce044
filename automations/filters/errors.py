"""Errors of filter documents: where, the value, and what to write instead."""

from __future__ import annotations

import reprlib

Path = tuple[str, ...]

_LONGEST_KEY = 100


class FilterError(ValueError):
    """A filter document that cannot be saved.

    `path` names the place from the root, such as `$or.0.$and.1.alias.$regex`; it is empty for the root itself.
    `value` is what stands there. The text says both, and the remedy.
    """

    def __init__(self, path: Path, value: object, reason: str, remedy: str) -> None:
        self.path = ".".join(key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "…" for key in path)
        self.value = value
        self.remedy = remedy
        super().__init__(f"{self.path or 'The filter'}: {quoted(value)} {reason}. {remedy}")


class _Short(reprlib.Repr):
    """Cuts texts, lists and depth alike: what was sent may be of any size, and may hold itself."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = self.maxlist = self.maxdict = 3
        self.maxstring = self.maxother = 80

    def repr_int(self, number: int, level: int) -> str:
        # Python refuses to write integers of more than 4,300 digits.
        return super().repr_int(number, level) if number.bit_length() < 1000 else "a number of hundreds of digits"


def quoted(value: object) -> str:
    """Give a value as a message says it back. Not `common.data.validation_errors.quoted`: that one needs Django."""
    return _SHORT.repr(value)


_SHORT = _Short()
