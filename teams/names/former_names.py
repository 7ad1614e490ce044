"""Former names (redirects after a rename): what was called so leads on, until somebody takes the name.

Scripts, the SDK and REST are answered as if they had asked by the name of today. A page is left for its address of
today (`teams.names.former_name_redirect`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from django.db.models import BooleanField, Case, Model, Q, QuerySet, Subquery, Value, When

from teams.models import FormerName

ORGANIZATION, TEAM, PROJECT, REGISTRY = "organization", "team", "project", "registry"

Row = TypeVar("Row", bound=Model)
# What the address of the page that is asked for names, such as {"team": "acme"}; None where no page is.
_address: ContextVar[Mapping[str, str] | None] = ContextVar("named_in_address", default=None)


class Renamed(Exception):
    """The page that is asked for stands at another address: what it names by `old` is called `new` today."""

    def __init__(self, kind: str, old: str, new: str) -> None:
        super().__init__(f"the {kind} {old!r} is called {new!r}")
        self.kind, self.new = kind, new


def by_name(rows: QuerySet[Row], kind: str, name: str, owner: int = 0) -> QuerySet[Row]:
    """Give what is called so, before what was: one statement, whether either is there or not."""
    # PostgreSQL refuses a text with a NUL, wherever it stands.
    before = Subquery(_rows(kind, name.replace("\0", "\ufffd"), owner).values("object_id")[:1])
    now = Case(When(name=name, then=Value(True)), default=Value(False), output_field=BooleanField())
    found: Any = rows.filter(Q(name=name) | Q(pk=before)).annotate(is_called_so=now).order_by("-is_called_so", "pk")
    return cast("QuerySet[Row]", found)


def led(kind: str, old: str, new: str) -> None:
    """Say that `old` was found as what is called `new`, by whoever may see it. Raises Renamed before a page does it."""
    address = _address.get()
    if old != new and address is not None and address.get(kind) == old:
        raise Renamed(kind, old, new)


def asked_by_page(named: Mapping[str, str]) -> None:
    """Let what is found from here on by a former name of the page's address lead to its address of today."""
    _address.set(named)


@contextmanager
def asked_by_nobody() -> Iterator[None]:
    """Begin a request: until a page is found nobody is led on, and afterwards nobody either."""
    token = _address.set(None)
    try:
        yield
    finally:
        _address.reset(token)


def keep(kind: str, name: str, object_id: int, owner: int = 0) -> None:
    """Let the name lead on to what had it, in the transaction of the renaming."""
    FormerName.objects.update_or_create(kind=kind, owner_id=owner, name=name, defaults={"object_id": object_id})


def take(kind: str, name: str, owner: int = 0) -> None:
    """Let the name lead nowhere else from now on: somebody is called so."""
    found = _rows(kind, name, owner)
    if found.exists():
        found.delete()


def names_of(kind: str, object_id: int) -> list[str]:
    """Give what it was called before, and nobody else is called since."""
    return list(FormerName.objects.filter(kind=kind, object_id=object_id).order_by("pk").values_list("name", flat=True))


def _rows(kind: str, name: str, owner: int) -> QuerySet[FormerName]:
    return FormerName.objects.filter(kind=kind, owner_id=owner, name=name)
