"""Write decisions down: executions, rests, and counts of what was suppressed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import F, Q, QuerySet

from automations import variables
from automations.engine.judging import Decision
from automations.engine.restraint import Objection, Pair, Quiet
from automations.models import Automation, Execution, Rest, State
from common import statements
from common.clock import database_now

# Alternatives in one query: SQLite takes no expression of more than a thousand.
_MANY = 200


class StoredKnowledge:
    """What was decided before this batch, from the database: of an automation that is asked, all subjects at once."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self._subjects = set(subjects)
        self._quiet: dict[int, dict[str, Quiet | None]] = defaultdict(dict)
        self._newest: dict[int, int] = {}

    def quiet(self, pair: Pair) -> Quiet | None:
        automation, subject = pair
        known = self._quiet[automation]
        if subject not in known:
            asked = self._subjects | {subject}
            known |= dict.fromkeys(asked)
            rows = Rest.objects.filter(automation=automation, subject__in=asked)
            known |= {row.subject: Quiet(row.fired_at, row.holding) for row in rows}
        return known[subject]

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        rows = list(_told_of(Q(automation=automation_id)).order_by("-id").values_list("id", "occurred_at")[:most])
        self._newest[automation_id] = rows[0][0] if rows else 0
        return [occurred_at for _id, occurred_at in reversed(rows)]

    def is_overtaken(self, fired: Iterable[int]) -> bool:
        """Whether another worker has let one of these automations fire since `recent` was asked.

        In the caller's transaction, which keeps others from it until it ends.
        """
        asked = sorted(self._newest.keys() & set(fired))
        lock(asked)
        newer = [Q(automation=pk, pk__gt=self._newest[pk]) for pk in asked]
        return any(_told_of(reduce(or_, newer[at : at + _MANY])).exists() for at in range(0, len(newer), _MANY))


def lock(automation_ids: Iterable[int]) -> None:
    """Keep other workers from storing firings of these until the caller's transaction ends; SQLite does so anyway."""
    rows = Automation.objects.filter(pk__in=list(automation_ids)).order_by("pk")
    # Without the key: what only refers to an automation need not wait.
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _told_of(which: Q) -> QuerySet[Execution]:
    return Execution.objects.filter(which, recovered=False).exclude(state=State.SKIPPED)


@dataclass
class _Suppressed:
    """What would have fired: told once, and counted."""

    first: Decision
    count: int = 1


def store(decisions: Iterable[Decision], changed: dict[Pair, Quiet]) -> None:
    """Write everything, in the caller's transaction."""
    now, executions = database_now(), []
    suppressed: dict[tuple[Pair, datetime], _Suppressed] = {}
    for decision in decisions:
        if decision.objection is None:
            executions.append(_execution(decision, now))
            continue
        key = (decision.objection.key, decision.objection.since)
        if key in suppressed:
            suppressed[key].count += 1
        else:
            suppressed[key] = _Suppressed(decision)
    # Ignored: an execution of this event that is there already, from a batch that was judged twice.
    statements.insert(executions, ignore_conflicts=True)
    _store_rests(changed)
    _count(suppressed.values(), now)


def _store_rests(changed: dict[Pair, Quiet]) -> None:
    rests = [
        Rest(automation_id=pk, subject=subject, fired_at=quiet.fired_at, holding=quiet.holding)
        for (pk, subject), quiet in changed.items()
    ]
    Rest.objects.bulk_create(
        rests,
        update_conflicts=True,
        unique_fields=["automation", "subject"],
        update_fields=["fired_at", "holding"],
    )


def _count(suppressed: Collection[_Suppressed], now: datetime) -> None:
    """Count on the skipped execution of each rest, or make it."""
    rests = _rests_of(suppressed)
    more: dict[int, list[int]] = defaultdict(list)
    for entry in suppressed:
        rest = rests[_objection(entry).key]
        if rest.skipped is not None and _is_counted_by(rest.skipped, _objection(entry)):
            more[entry.count].append(rest.skipped.pk)
        else:
            _skip(entry, rest, now)
    for count, ids in more.items():
        Execution.objects.filter(pk__in=ids).update(count=F("count") + count)


def _rests_of(suppressed: Collection[_Suppressed]) -> dict[Pair, Rest]:
    """Give the rests that keep these silent. The rate limit keeps its row among them."""
    first = {_objection(entry).key: entry.first for entry in suppressed}
    rows = Rest.objects.filter(automation__in={pair[0] for pair in first}, subject__in={pair[1] for pair in first})
    found = {(row.automation_id, row.subject): row for row in rows.select_related("skipped")}
    for pair in first.keys() - found.keys():
        at = first[pair].happening.occurred_at
        found[pair] = Rest.objects.get_or_create(automation_id=pair[0], subject=pair[1], defaults={"fired_at": at})[0]
    return found


def _skip(entry: _Suppressed, rest: Rest, now: datetime) -> None:
    execution = _execution(entry.first, now)
    if Execution.objects.filter(automation=execution.automation, event=execution.event_id, recovered=False).exists():
        # It fired, or was counted, when the batch was judged before.
        return
    execution.count = entry.count
    execution.save()
    rest.skipped = execution
    rest.save(update_fields=["skipped"])


def _objection(entry: _Suppressed) -> Objection:
    assert entry.first.objection is not None
    return entry.first.objection


def _is_counted_by(skipped: Execution, objection: Objection) -> bool:
    # A reason alone says too little: two short rests may end in the same minute.
    return skipped.reason == objection.reason and skipped.occurred_at >= objection.since


def _execution(decision: Decision, now: datetime) -> Execution:
    automation, happening = decision.listener.automation, decision.happening
    judged = {name: value for verdict in decision.verdicts for name, value in verdict.values.items()}
    judged["alert_status"] = "recovered" if decision.recovered else "firing"
    reason = decision.failure or (decision.objection.reason if decision.objection else "")
    return Execution(
        automation=automation,
        event_id=happening.event_id,
        team_id=automation.team_id,
        state=State.PENDING if decision.fires else State.SKIPPED,
        reason=reason,
        why="; ".join(verdict.why for verdict in decision.verdicts),
        recovered=decision.recovered,
        occurred_at=happening.occurred_at,
        subject_label=happening.subject.label[:300],
        subject_url=happening.subject.url,
        variables=variables.values(automation.name, automation.event_type, happening, judged),
        action_type=automation.action_type,
        action=automation.action,
        target=automation.target,
        next_attempt_at=now if decision.fires else None,
        ended_at=None if decision.fires else now,
    )
