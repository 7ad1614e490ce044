"""The base class of conditions. Each stands in a file of its own, in the folder of what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from automations.parameters import Parameters
from common.plugins import Plugin, PluginRegistry
from events import event_types
from events.event_types import EventContext, Variable


@dataclass(frozen=True)
class Verdict:
    """Whether the condition holds, why in a sentence, and what it adds to the variables of payloads."""

    holds: bool
    why: str
    values: Mapping[str, object] = field(default_factory=dict)


# Whether it holds, and what gives the verdict: sentences are made only where somebody reads them.
Judgement = tuple[bool, Callable[[], Verdict]]


@dataclass(frozen=True)
class Window:
    """The values a condition must remember between two contexts: the last `length` of a metric."""

    metric: str
    length: int


@dataclass(frozen=True)
class Peers:
    """The runs a condition compares with: the `count` most recently started others of the project."""

    metric: str
    count: int


@dataclass(frozen=True)
class Evidence:
    """What a condition asked for beside the context itself.

    `past` are the values of its window before the context, oldest first. `peers` are the last finite values of
    the runs it compares with.
    """

    past: Sequence[float] = ()
    peers: Sequence[float] = ()


@dataclass(frozen=True)
class Threshold:
    """A line in a chart of the metric, and the side of it that fires: above, below, or blank for neither."""

    value: float
    side: str = ""


class Condition(Plugin):
    """Judges a context. Its docstring and `describe()` are read by people.

    It belongs to the event types in `events`, and to every event `about` such a subject. For those in `defines` it
    is what the event is about, so each automation on such an event has exactly one. `judge` is pure: it may not
    look at the database or the clock.
    """

    events: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[tuple[str, ...]] = ()
    defines: ClassVar[tuple[str, ...]] = ()
    # Shown after the others: for those who know what they want.
    advanced: ClassVar[bool] = False
    variables: ClassVar[tuple[Variable, ...]] = ()
    Form: ClassVar[type[Parameters]]
    example: ClassVar[Mapping[str, Any]]

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    @property
    def window(self) -> Window | None:
        """What to remember, where it judges a stream of values and not only what happened just now."""
        return None

    @property
    def peers(self) -> Peers | None:
        """Which other runs it compares with."""
        return None

    @property
    def metric(self) -> str:
        """The metric it watches, for the charts of that metric; blank where it watches none."""
        return ""

    def thresholds(self) -> Sequence[Threshold]:
        """Give the lines to draw in a chart of the metric."""
        return ()

    def compared(self, values: Sequence[float]) -> Sequence[tuple[int, float]]:
        """Give the windows it compared at the last of these values, the newest first: length, and what came of it."""
        return ()

    def describe(self) -> str:
        """Give the part of the automation's sentence that is this condition.

        One that defines the event says it with SUBJECT where what it is about is named: `SUBJECT fails`. A filter
        says what comes after that: `whose name matches ^prod-`. Made with `common.pages.rich_text`, it marks what
        matters; plain text does as well.
        """
        raise NotImplementedError

    def narrows(self, words: str) -> str:
        """Give what it adds to the end of the event's own words, such as `gets an alias`; blank where it adds nothing.

        What adds something there is not said again behind the subject.
        """
        return ""

    def clause(self) -> dict[str, Any] | None:
        """Give the filter document that says the same, for those who speak in documents; None where none does."""
        return None

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        """Judge what happened, from what was asked for: the first judgement that holds, else the last.

        A condition that judges once writes this; one that judges value by value writes `judgements`.
        """
        explain: Callable[[], Verdict] | None = None
        for holds, explain in self.judgements(context, evidence):
            if holds:
                return explain()
        return explain() if explain else self.unjudged(context, evidence)

    def judgements(self, context: EventContext, evidence: Evidence) -> Iterator[Judgement]:
        """Give every judgement in the order of what was judged. Ask for a verdict before the next judgement."""
        verdict = self.judge(context, evidence)
        yield verdict.holds, lambda: verdict

    def unjudged(self, context: EventContext, evidence: Evidence) -> Verdict:
        """Say why there was nothing to judge."""
        return Verdict(False, "there was nothing to judge")


registry: PluginRegistry[Condition] = PluginRegistry("condition")


def conditions_of(event: str) -> list[type[Condition]]:
    """The conditions an event can have, the one that defines it first."""
    about = event_types.registry.get(event).about
    fitting = [condition for condition in registry if event in condition.events or about in condition.about]
    return sorted(fitting, key=lambda condition: (event not in condition.defines, condition.advanced))
