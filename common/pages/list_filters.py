"""List filters: what a list is narrowed by, selects above it whose choice stands in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

Option = tuple[str, "str | Promise"]


@dataclass(frozen=True)
class ListFilter:
    """A select named `name` in the address. An empty `chosen` leaves everything."""

    name: str
    label: str | Promise
    options: Sequence[Option]
    chosen: str = ""

    @classmethod
    def of(
        cls,
        query: Mapping[str, str],
        name: str,
        label: str | Promise,
        options: Iterable[Option],
        *,
        former: Mapping[str, str] | None = None,
    ) -> ListFilter:
        """Read the choice from the address; what is none of the options chooses nothing.

        `former` leads from what an option was called in addresses of before to what it is called now.
        """
        offered = list(options)
        sent = query.get(name, "")
        sent = (former or {}).get(sent, sent)
        return cls(name, label, offered, sent if sent in dict(offered) else "")


def typed_filter(query: Mapping[str, str], name: str = "q") -> str:
    """Give what a person searches for. PostgreSQL refuses NUL in a text."""
    return query.get(name, "").replace("\0", "").strip()[:200]
