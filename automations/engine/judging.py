"""Judge happenings: the same code decides live and in a look back. Nothing here reads or writes the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from automations.condition import Condition, Evidence, Verdict
from automations.engine.listener import Listener
from automations.engine.restraint import Objection, Restraint
from events.types import Happening

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What follows for one automation: it tells, it would have told, or it could not judge."""

    listener: Listener
    happening: Happening
    verdicts: Sequence[Verdict] = ()
    recovered: bool = False
    objection: Objection | None = None
    failure: str = ""

    @property
    def fires(self) -> bool:
        return self.objection is None and not self.failure


class Source(Protocol):
    """Where conditions get what they ask for."""

    def evidence(self, listener: Listener, condition: Condition, happening: Happening) -> Evidence: ...

    def keep(self, listener: Listener, condition: Condition, happening: Happening, evidence: Evidence) -> None:
        """Note the happening's own values for the next one."""


class Judge:
    """Judges meetings of happenings and automations, in the order of what happened."""

    def __init__(self, source: Source, restraint: Restraint) -> None:
        self._source = source
        self._restraint = restraint

    def hear(self, listener: Listener, happening: Happening) -> list[Decision]:
        """Decide what follows; what a condition raises stops this automation only."""
        try:
            return list(self._decisions(listener, happening))
        except Exception as error:
            # The edge of plug-in code: whatever goes wrong there is shown on the automation's page.
            logger.exception("automation %s could not judge event %s", listener.automation.pk, happening.event_id)
            reason = f"A condition could not be judged: {type(error).__name__}: {error}"
            return [Decision(listener, happening, failure=reason[:500])]

    def _decisions(self, listener: Listener, happening: Happening) -> Iterator[Decision]:
        if self._is_beside_the_point(listener, happening):
            return
        verdicts = []
        for condition in listener.filters:
            verdict = condition.judge(happening, self._source.evidence(listener, condition, happening))
            if not verdict.holds:
                return
            verdicts.append(verdict)
        if listener.defining is None:
            yield self._told(listener, happening, verdicts)
            return
        evidence = self._source.evidence(listener, listener.defining, happening)
        yield from self._told_by(listener.defining, listener, happening, evidence, verdicts)
        self._source.keep(listener, listener.defining, happening, evidence)

    def _is_beside_the_point(self, listener: Listener, happening: Happening) -> bool:
        """Whether what the event is about is not there, so that nobody need ask the filters."""
        defining = listener.defining
        if defining is None or defining.window or defining.peers or listener.limits.recovery:
            return False
        return not defining.judge(happening, Evidence()).holds

    def _told_by(
        self,
        condition: Condition,
        listener: Listener,
        happening: Happening,
        evidence: Evidence,
        others: list[Verdict],
    ) -> Iterator[Decision]:
        """Go through the judgements: the first that holds fires; after it, one that does not may recover."""
        limits, subject = listener.limits, happening.subject.key
        told = told_recovery = False
        for holds, explain in condition.judgements(happening, evidence):
            if not (holds or limits.recovery):
                continue
            if holds and not told:
                told = True
                yield self._told(listener, happening, [explain(), *others])
            elif limits.recovery and not (holds or told_recovery) and self._restraint.is_holding(limits, subject):
                told_recovery = True
                self._restraint.recovered(limits, subject)
                yield Decision(listener, happening, [explain(), *others], recovered=True)
            if told and (told_recovery or not limits.recovery):
                return

    def _told(self, listener: Listener, happening: Happening, verdicts: list[Verdict]) -> Decision:
        limits, subject, at = listener.limits, happening.subject.key, happening.occurred_at
        objection = self._restraint.objection(limits, subject, at)
        if objection is None:
            self._restraint.fired(limits, subject, at)
        return Decision(listener, happening, verdicts, objection=objection)
