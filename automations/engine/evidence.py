"""What conditions ask for, live: remembered values, or history where memory has a gap."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable

from automations.condition import Condition, Evidence, Peers, Window
from automations.engine.listener import Listener
from automations.engine.restraint import Pair
from automations.models import Memory
from events.types import Happening
from projects.history import last_values, newest_values, past_values
from projects.models import Stream


class StoredEvidence:
    """Reads memories, keeps new ones, and writes them at the end of the batch.

    Of an automation that is asked, what it remembers of all these subjects is read at once.
    """

    def __init__(self, subjects: Iterable[str] = ()) -> None:
        self._subjects = {f"{subject}/{stream}" for subject in subjects for stream in Stream}
        self._known: dict[int, dict[str, Memory | None]] = defaultdict(dict)
        self._memories: dict[Pair, Memory] = {}

    def evidence(self, listener: Listener, condition: Condition, happening: Happening) -> Evidence:
        window, peers = condition.window, condition.peers
        return Evidence(
            past=self._past(listener, window, happening) if window else (),
            peers=_peers(peers, happening) if peers else (),
        )

    def history(self, condition: Condition, happening: Happening) -> Evidence:
        """Give the evidence from history alone, whatever was remembered since: to judge a happening anew."""
        window, peers = condition.window, condition.peers
        return Evidence(
            past=_read(window, happening) if window else (), peers=_peers(peers, happening) if peers else ()
        )

    def keep(self, listener: Listener, condition: Condition, happening: Happening, evidence: Evidence) -> None:
        window = condition.window
        if window is None or not window.length:
            return
        rows = happening.data["rows"]
        known = [*evidence.past, *newest_values(rows, window.metric, window.length)]
        pair = _pair(listener, window, happening)
        self._memories[pair] = Memory(
            automation_id=pair[0],
            subject=pair[1],
            position=happening.data["position"] + len(rows),
            values=known[-window.length :],
        )

    def store(self) -> None:
        """Write what was kept, in the caller's transaction."""
        Memory.objects.bulk_create(
            self._memories.values(),
            update_conflicts=True,
            unique_fields=["automation", "subject"],
            update_fields=["position", "values"],
        )

    def _past(self, listener: Listener, window: Window, happening: Happening) -> list[float]:
        if not window.length:
            return []
        pair = _pair(listener, window, happening)
        memory = self._memories.get(pair) or self._remembered(*pair)
        position = happening.data["position"]
        if memory is not None and memory.position == position:
            return list(memory.values)
        return _read(window, happening)

    def _remembered(self, automation_id: int, subject: str) -> Memory | None:
        known = self._known[automation_id]
        if subject not in known:
            question = subject.rpartition("/")[2]
            asked = {f"{other}/{question}" for other in self._subjects} | {subject}
            known |= dict.fromkeys(asked)
            rows = Memory.objects.filter(automation=automation_id, subject__in=asked)
            known |= {row.subject: row for row in rows}
        return known[subject]


def _read(window: Window, happening: Happening) -> list[float]:
    if not window.length:
        return []
    run, stream = happening.subject.facts["id"], happening.data["stream"]
    return past_values(run, stream, window.metric, before=happening.data["position"], count=window.length)


def _pair(listener: Listener, window: Window, happening: Happening) -> Pair:
    """Give the key of a memory: each stream of a run counts its rows from 0, and each window is another.

    With the window in it, what a batch stores while somebody edits the condition is never read for the new one.
    """
    question = zlib.crc32(f"{window.length} {window.metric}".encode())
    return listener.automation.pk, f"{happening.subject.key}/{happening.data['stream']}/{question:08x}"


def _peers(peers: Peers, happening: Happening) -> list[float]:
    run, data = happening.subject.facts["id"], happening.data
    return last_values(run, data["stream"], peers.metric, before=data["chunk"], count=peers.count)
