"""Section navigation of a place, such as a project: a sidebar, or a line of tabs where there is no room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

# The URL name of the section's page, what people call it, and its icon.
Named = tuple[str, "str | Promise", str]


@dataclass(frozen=True)
class Section:
    """`is_current`: the page, or the one that it belongs to."""

    label: str | Promise
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Sections:
    """`label` says of what kind the place is, for those who have the sidebar read to them."""

    label: str | Promise
    name: str
    listed: Sequence[Section]


def sections(label: str | Promise, named: Iterable[Named], *, of: tuple[str, str], current: str) -> Sections:
    """Give the sections of the place that is called so; `current` is the URL name of the one that is shown."""
    listed = [Section(word, icon, reverse(page, args=of), page == current) for page, word, icon in named]
    return Sections(label, of[1], listed)
