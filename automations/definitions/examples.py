"""Example automations that many teams want: each opens the wizard filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise

from events import event_types


@dataclass(frozen=True)
class Example:
    title: str | Promise
    about: str | Promise
    icon: str
    fields: Sequence[tuple[str, str]]
    # Where it stands among the others, the best first.
    order: int = 9

    @property
    def query(self) -> str:
        return urlencode(self.fields)

    @property
    def scopes(self) -> tuple[str, ...]:
        return event_types.by_wire_name(dict(self.fields)["event"]).scopes


# Read when a page is made: kinds of integrations add theirs as they are read.
_ALL: list[Example] = []
_MOST = 3


def offer(*examples: Example) -> None:
    """Offer these too."""
    _ALL.extend(examples)
    _ALL.sort(key=lambda example: example.order)


def examples_for(scope_type: str) -> list[Example]:
    """Give the examples whose event happens in such a scope, the best first."""
    return [example for example in _ALL if scope_type in example.scopes][:_MOST]
