"""Expressions: what a filter document is once it is parsed, tests of fields and what joins them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from automations.filters.fields import FieldPath

Facts = Mapping[str, object]


@dataclass(frozen=True)
class Sentence:
    text: str
    is_joined: bool = False

    @property
    def within_another(self) -> str:
        return f"({self.text})" if self.is_joined else self.text


ANY = Sentence("any")
NOTHING = Sentence("nothing")


class Expression(ABC):
    @abstractmethod
    def matches(self, facts: Facts) -> bool: ...

    @abstractmethod
    def sentence(self) -> Sentence: ...


@dataclass(frozen=True)
class Test(Expression):
    """One operator on one field."""

    name: str
    place: FieldPath
    holds: Callable[[object], bool]
    words: str

    def matches(self, facts: Facts) -> bool:
        return self.holds(self.place.value(facts))

    def sentence(self) -> Sentence:
        return Sentence(f"{self.name} {self.words}")


@dataclass(frozen=True)
class All(Expression):
    parts: tuple[Expression, ...]

    def matches(self, facts: Facts) -> bool:
        return all(part.matches(facts) for part in self.parts)

    def sentence(self) -> Sentence:
        said = [part.sentence() for part in self.parts]
        return NOTHING if NOTHING in said else _joined(" and ", [part for part in said if part != ANY]) or ANY


@dataclass(frozen=True)
class Either(Expression):
    parts: tuple[Expression, ...]

    def matches(self, facts: Facts) -> bool:
        return any(part.matches(facts) for part in self.parts)

    def sentence(self) -> Sentence:
        said = [part.sentence() for part in self.parts]
        return ANY if ANY in said else _joined(" or ", [part for part in said if part != NOTHING]) or NOTHING


@dataclass(frozen=True)
class Not(Expression):
    part: Expression

    def matches(self, facts: Facts) -> bool:
        return not self.part.matches(facts)

    def sentence(self) -> Sentence:
        said = self.part.sentence()
        certain = {ANY: NOTHING, NOTHING: ANY}
        return certain.get(said) or Sentence(f"not ({said.text})")


def _joined(word: str, said: Sequence[Sentence]) -> Sentence | None:
    if len(said) < 2:
        return said[0] if said else None
    return Sentence(word.join(part.within_another for part in said), is_joined=True)
