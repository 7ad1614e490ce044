"""What a list is narrowed by: selects above it, whose choice stands in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

Option = tuple[str, "str | Promise"]


@dataclass(frozen=True)
class Choice:
    """A select named `name` in the address. An empty `chosen` leaves everything."""

    name: str
    label: str | Promise
    options: Sequence[Option]
    chosen: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], name: str, label: str | Promise, options: Iterable[Option]) -> Choice:
        """Read the choice from the address; what is none of the options chooses nothing."""
        offered = list(options)
        sent = query.get(name, "")
        return cls(name, label, offered, sent if sent in dict(offered) else "")


def typed(query: Mapping[str, str], name: str = "q") -> str:
    """Give what a person searches for. PostgreSQL refuses NUL in a text."""
    return query.get(name, "").replace("\0", "").strip()[:200]
