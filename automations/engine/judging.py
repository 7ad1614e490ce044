"""Judging: the pure core that decides what fires, live as in a backtest. It touches no database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from automations.conditions.condition import Condition, Evidence, Verdict
from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.silencing import NoSilence, Silencing
from automations.engine.throttling import Suppression, Throttling
from events.event_types import EventContext

logger = logging.getLogger(__name__)
# Of what is quiet for another reason than a cooldown, all of a subject is counted as one.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Decision:
    """What follows for one automation: it fires, it is suppressed, or it could not be judged."""

    loaded: LoadedAutomation
    context: EventContext
    verdicts: Sequence[Verdict] = ()
    recovered: bool = False
    suppression: Suppression | None = None
    failure: str = ""

    @property
    def fires(self) -> bool:
        return self.suppression is None and not self.failure


class Source(Protocol):
    """Where conditions get what they ask for."""

    def evidence(self, loaded: LoadedAutomation, condition: Condition, context: EventContext) -> Evidence: ...

    def keep(self, loaded: LoadedAutomation, condition: Condition, context: EventContext, evidence: Evidence) -> None:
        """Note the context's own values for the next one."""


class Judge:
    """Judges pairs of event context and automation, in the order of what happened."""

    def __init__(self, source: Source, throttling: Throttling, silencing: Silencing | None = None) -> None:
        self._source = source
        self._throttling = throttling
        self._silencing = silencing or NoSilence()

    def decide(self, loaded: LoadedAutomation, context: EventContext) -> list[Decision]:
        """Decide what follows; what a condition raises stops this automation only."""
        try:
            return list(self._decisions(loaded, context))
        except Exception as error:
            # The edge of plug-in code: whatever goes wrong there is shown on the automation's page.
            logger.exception("automation %s could not judge event %s", loaded.automation.pk, context.event_id)
            reason = f"A condition could not be judged: {type(error).__name__}: {error}"
            return [Decision(loaded, context, failure=reason[:500])]

    def _decisions(self, loaded: LoadedAutomation, context: EventContext) -> Iterator[Decision]:
        if self._is_beside_the_point(loaded, context):
            return
        verdicts = []
        for condition in loaded.filters:
            verdict = condition.judge(context, self._source.evidence(loaded, condition, context))
            if not verdict.holds:
                return
            verdicts.append(verdict)
        if loaded.defining is None:
            yield self._fired(loaded, context, verdicts)
            return
        evidence = self._source.evidence(loaded, loaded.defining, context)
        yield from self._fired_by(loaded.defining, loaded, context, evidence, verdicts)
        self._source.keep(loaded, loaded.defining, context, evidence)

    def _is_beside_the_point(self, loaded: LoadedAutomation, context: EventContext) -> bool:
        """Whether what the event is about is not there, so that nobody need ask the filters."""
        defining = loaded.defining
        if defining is None or defining.window or defining.peers or loaded.limits.notify_on_recovery:
            return False
        return not defining.judge(context, Evidence()).holds

    def _fired_by(
        self,
        condition: Condition,
        loaded: LoadedAutomation,
        context: EventContext,
        evidence: Evidence,
        others: list[Verdict],
    ) -> Iterator[Decision]:
        """Go through the judgements: the first that holds fires; after it, one that does not may recover."""
        limits, subject = loaded.limits, context.subject.key
        fired = has_notified_recovery = False
        for holds, explain in condition.judgements(context, evidence):
            if not (holds or limits.notify_on_recovery):
                continue
            if holds and not fired:
                fired = True
                yield self._fired(loaded, context, [explain(), *others])
            elif (
                limits.notify_on_recovery
                and not (holds or has_notified_recovery or context.quiet_reason)
                and self._throttling.is_holding(limits, subject)
            ):
                has_notified_recovery = True
                self._throttling.recovered(limits, subject)
                yield Decision(loaded, context, [explain(), *others], recovered=True)
            if fired and (has_notified_recovery or not limits.notify_on_recovery):
                return

    def _fired(self, loaded: LoadedAutomation, context: EventContext, verdicts: list[Verdict]) -> Decision:
        limits, subject, at = loaded.limits, context.subject.key, context.occurred_at
        if context.quiet_reason:
            # No cooldown begins: what comes in time may tell.
            quiet = Suppression((limits.automation_id, f"{subject}@quiet"), context.quiet_reason, _EVER)
            return Decision(loaded, context, verdicts, suppression=quiet)
        key = limits.key_of(context)
        # No cooldown begins in a silence: what still holds at its end may tell.
        suppression = self._throttling.suppression(limits, key, at) or self._silencing.suppression(loaded, context)
        if suppression is None:
            self._throttling.fired(limits, key, subject, at)
        return Decision(loaded, context, verdicts, suppression=suppression)
