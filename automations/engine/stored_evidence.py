"""Evidence for conditions, live: the window state that is stored, or history where it has a gap."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable

from automations.conditions.condition import Condition, Evidence, Peers, Window
from automations.engine.loaded_automation import LoadedAutomation
from automations.engine.throttling import Pair
from automations.models import WindowState
from events.event_types import EventContext
from projects.history.reading import last_values_of_other_runs, past_values
from projects.history.row_values import newest_values
from projects.models import Stream


class StoredEvidence:
    """Reads memories, keeps new ones, and writes them at the end of the batch.

    Of an automation that is asked, what it remembers of all these subjects is read at once.
    """

    def __init__(self, subjects: Iterable[str] = ()) -> None:
        self._subjects = {f"{subject}/{stream}" for subject in subjects for stream in Stream}
        self._known: dict[int, dict[str, WindowState | None]] = defaultdict(dict)
        self._memories: dict[Pair, WindowState] = {}

    def evidence(self, loaded: LoadedAutomation, condition: Condition, context: EventContext) -> Evidence:
        window, peers = condition.window, condition.peers
        return Evidence(
            past=self._past(loaded, window, context) if window else (),
            peers=_peers(peers, context) if peers else (),
        )

    def history(self, condition: Condition, context: EventContext) -> Evidence:
        """Give the evidence from history alone, whatever was remembered since: to judge a context anew."""
        window, peers = condition.window, condition.peers
        return Evidence(past=_read(window, context) if window else (), peers=_peers(peers, context) if peers else ())

    def keep(self, loaded: LoadedAutomation, condition: Condition, context: EventContext, evidence: Evidence) -> None:
        window = condition.window
        if window is None or not window.length:
            return
        rows = context.data["rows"]
        known = [*evidence.past, *newest_values(rows, window.metric, window.length)]
        pair = _pair(loaded, window, context)
        self._memories[pair] = WindowState(
            automation_id=pair[0],
            subject=pair[1],
            position=context.data["position"] + len(rows),
            values=known[-window.length :],
        )

    def store(self) -> None:
        """Write what was kept, in the caller's transaction."""
        WindowState.objects.bulk_create(
            self._memories.values(),
            update_conflicts=True,
            unique_fields=["automation", "subject"],
            update_fields=["position", "values"],
        )

    def _past(self, loaded: LoadedAutomation, window: Window, context: EventContext) -> list[float]:
        if not window.length:
            return []
        pair = _pair(loaded, window, context)
        memory = self._memories.get(pair) or self._remembered(*pair)
        position = context.data["position"]
        if memory is not None and memory.position == position:
            return list(memory.values)
        return _read(window, context)

    def _remembered(self, automation_id: int, subject: str) -> WindowState | None:
        known = self._known[automation_id]
        if subject not in known:
            question = subject.rpartition("/")[2]
            asked = {f"{other}/{question}" for other in self._subjects} | {subject}
            known |= dict.fromkeys(asked)
            rows = WindowState.objects.filter(automation=automation_id, subject__in=asked)
            known |= {row.subject: row for row in rows}
        return known[subject]


def _read(window: Window, context: EventContext) -> list[float]:
    if not window.length:
        return []
    run, stream = context.subject.facts["id"], context.data["stream"]
    return past_values(run, stream, window.metric, before=context.data["position"], count=window.length)


def _pair(loaded: LoadedAutomation, window: Window, context: EventContext) -> Pair:
    """Give the key of a memory: each stream of a run counts its rows from 0, and each window is another.

    With the window in it, what a batch stores while somebody edits the condition is never read for the new one.
    """
    question = zlib.crc32(f"{window.length} {window.metric}".encode())
    return loaded.automation.pk, f"{context.subject.key}/{context.data['stream']}/{question:08x}"


def _peers(peers: Peers, context: EventContext) -> list[float]:
    run, data = context.subject.facts["id"], context.data
    return last_values_of_other_runs(run, data["stream"], peers.metric, before=data["chunk"], count=peers.count)
