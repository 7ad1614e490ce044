"""YAML that people and machines hand in: the only place that reads any, within bounds.

An alias costs nothing to write and everything to follow: ten lines of aliases of aliases are a billion values. What a
document comes to is counted while it is read, before anything is built of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import yaml

LONGEST = 8 * 2**20
DEEPEST = 100
# Of keys and values, those behind aliases counted as often as they are named.
MOST_VALUES = 200_000


def load(text: str) -> Any:
    """Give the document. Raises yaml.YAMLError, with the place, for what is no YAML and for what grows too large."""
    check(text)
    try:
        return yaml.load(text, Loader=yaml.SafeLoader)
    except (ValueError, OverflowError) as error:
        # A number of more digits than int() takes, or a day that there is not.
        raise yaml.YAMLError(f"a value in it cannot be read: {error}") from None


def check(text: str) -> None:
    """Refuse a document that is too long or too deep, or that its aliases make too large."""
    if len(text) > LONGEST:
        raise yaml.YAMLError(f"it has {len(text)} characters; {LONGEST} is the most")
    count = _Count()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        count.add(event)


@dataclass
class _Count:
    """Counts the values of a document from its events: no recursion, so nothing can be too deep for it."""

    sizes: dict[str, int] = field(default_factory=dict)
    # The anchor of each list and mapping that is open, and how many values it holds so far.
    opened: list[tuple[str | None, int]] = field(default_factory=lambda: [(None, 0)])

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._take(self._size_of(event), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self.opened) > DEEPEST:
                raise _refusal(event, f"it is nested more than {DEEPEST} deep")
            self.opened.append((event.anchor, 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = self.opened.pop()
            self._keep(anchor, size)
            self._take(size, event)
        elif isinstance(event, yaml.ScalarEvent):
            self._keep(event.anchor, 1)
            self._take(1, event)

    def _take(self, size: int, event: yaml.Event) -> None:
        anchor, so_far = self.opened[-1]
        if so_far + size > MOST_VALUES:
            raise _refusal(event, f"its aliases make it larger than {MOST_VALUES} values; write them out, or fewer")
        self.opened[-1] = (anchor, so_far + size)

    def _keep(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.sizes[anchor] = size

    def _size_of(self, event: yaml.AliasEvent) -> int:
        if event.anchor not in self.sizes:
            raise _refusal(event, f"the alias *{event.anchor} is inside what it names, or names nothing")
        return self.sizes[event.anchor]


def _refusal(event: yaml.Event, problem: str) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=cast(yaml.Mark, event.start_mark))
