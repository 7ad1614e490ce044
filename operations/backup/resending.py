"""What a restored database does once workers run: what it sends again, as it does not know that it was sent since."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from automations.models import Execution, ExecutionState
from common.data.database_clock import database_now
from events.models import Event
from outbound.provider import receivers_of
from projects.models import Run, RunState
from teams.models import Team

_HELD = "Held back when a backup was restored. Deliver it again where its receiver has not had it."
_NOT_JUDGED = "Not judged: it was waiting when a backup was restored with --hold."


@dataclass(frozen=True)
class Waiting:
    """What waits in the database: deliveries by receiver, events that nobody has judged, runs that are said to run."""

    deliveries: Counter[str] = field(default_factory=Counter)
    events: int = 0
    runs: int = 0

    def sentences(self, *, held: bool) -> list[str]:
        sending = "were held back: they are failed, with the reason, and can be delivered again" if held else (
            "will be sent as soon as a worker runs, also those that were sent after the backup, with the same ids"
        )  # fmt: skip
        judging = "are marked as judged" if held else "will be judged, and may fire"
        named = ", ".join(f"{name} ({count})" for name, count in self.deliveries.most_common())
        said = [
            f"{self.deliveries.total()} deliveries {sending}{': ' if named else ''}{named}.",
            f"{self.events} events that nobody had judged {judging}.",
        ]
        if self.runs:
            said.append(
                f"{self.runs} runs were running. Those that say nothing for RUNBELL_HEARTBEAT_SECONDS "
                f"({settings.HEARTBEAT_SECONDS} s) become crashed, which automations may be listening to."
            )
        return said


def waiting() -> Waiting:
    pending = Execution.objects.filter(state=ExecutionState.PENDING)
    keys = Counter(pending.values_list("receiver_key", flat=True))
    receivers, teams = receivers_of(filter(None, keys)), dict(Team.objects.values_list("pk", "name"))
    names: Counter[str] = Counter()
    for key, count in keys.items():
        receiver = receivers.get(key)
        names[f"{teams.get(receiver.team_id)}/{receiver.name}" if receiver else key or "no receiver"] += count
    return Waiting(
        names, Event.objects.filter(processed_at=None).count(), Run.objects.filter(state=RunState.RUNNING).count()
    )


def hold() -> None:
    """Set aside what waits: deliveries fail with a reason, to be delivered again by people; events count as judged."""
    with transaction.atomic():
        ended = Execution.ended(ExecutionState.FAILED, _HELD)
        Execution.objects.filter(state=ExecutionState.PENDING).update(**ended)
        Event.objects.filter(processed_at=None).update(
            processed_at=database_now(), problem=_NOT_JUDGED, leased_until=None, lease=""
        )
