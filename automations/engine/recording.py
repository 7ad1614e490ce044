"""Recording decisions: executions, cooldowns, and counts of what was suppressed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import F, Q, QuerySet

from automations.engine.judging import Decision
from automations.engine.throttling import CooldownState, Limits, Pair, Suppression
from automations.messages import run_log, variables
from automations.models import Automation, Cooldown, Execution, ExecutionState
from common.data.database_clock import database_now
from common.statements import compiled_statements
from common.statements.prepared_query import PreparedQuery
from events import prometheus_metrics
from events.event_types import EventContext

# Alternatives in one query: SQLite takes no expression of more than a thousand.
_MANY = 200
Hold = Callable[[list[Execution]], list[Execution]]


class StoredThrottling:
    """What was decided before this batch, from the database: of an automation that is asked, all its keys at once.

    `contexts` are what happened in the batch, by event type.
    """

    def __init__(self, contexts: Mapping[str, Collection[EventContext]]) -> None:
        self._contexts = contexts
        self._cooldowns: dict[int, dict[str, CooldownState | None]] = defaultdict(dict)
        self._known_keys: dict[tuple[str, str, bool, bool], Collection[str]] = {}
        self._newest: dict[int, int] = {}

    def cooldown(self, limits: Limits, key: str) -> CooldownState | None:
        known = self._cooldowns[limits.automation_id]
        if key not in known:
            asked = {key, *self._keys(limits)}
            known |= dict.fromkeys(asked)
            rows = _cooldowns(limits.automation_id, asked)
            known |= {row.subject: CooldownState(row.fired_at, row.holding) for row in rows}
        return known[key]

    def _keys(self, limits: Limits) -> Collection[str]:
        """Give all keys of the batch. Kept, as thousands of automations may ask for the same."""
        kept = (limits.event_type, limits.cooldown_per, bool(limits.cooldown_seconds), limits.notify_on_recovery)
        if kept not in self._known_keys:
            here = self._contexts.get(limits.event_type, ())
            holding = {one.subject.key for one in here} if limits.notify_on_recovery else set()
            self._known_keys[kept] = holding | {limits.key_of(one).text for one in here}
        return self._known_keys[kept]

    def recent(self, automation_id: int, most: int) -> Iterable[datetime]:
        rows = list(_fired(Q(automation=automation_id)).order_by("-id").values_list("id", "occurred_at")[:most])
        self._newest[automation_id] = rows[0][0] if rows else 0
        return [occurred_at for _id, occurred_at in reversed(rows)]

    def is_overtaken(self, fired: Iterable[int]) -> bool:
        """Whether another worker has let one of these automations fire since `recent` was asked.

        In the caller's transaction, which keeps others from it until it ends.
        """
        asked = sorted(self._newest.keys() & set(fired))
        lock(asked)
        newer = [Q(automation=pk, pk__gt=self._newest[pk]) for pk in asked]
        return any(_fired(reduce(or_, newer[at : at + _MANY])).exists() for at in range(0, len(newer), _MANY))


def _cooldowns(automation: int, subjects: set[str]) -> Iterable[Cooldown]:
    if len(subjects) == 1:
        return _one_cooldown.rows(automation=automation, subject=next(iter(subjects)))
    return Cooldown.objects.filter(automation=automation, subject__in=subjects)


_one_cooldown = PreparedQuery(
    lambda automation, subject: Cooldown.objects.filter(automation=automation, subject=subject),
    automation=int, subject=str,
)  # fmt: skip


def lock(automation_ids: Iterable[int]) -> None:
    """Keep other workers from storing firings of these until the caller's transaction ends; SQLite does so anyway."""
    automation_ids = list(automation_ids)
    if not automation_ids:
        return
    rows = Automation.objects.filter(pk__in=automation_ids).order_by("pk")
    # Without the key: what only refers to an automation need not wait.
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _fired(which: Q) -> QuerySet[Execution]:
    return Execution.objects.filter(which, recovered=False).exclude(state=ExecutionState.SUPPRESSED)


@dataclass
class _Suppressed:
    """Suppressed fires: one execution says so, and counts them."""

    first: Decision
    count: int = 1


def hold_none(executions: list[Execution]) -> list[Execution]:
    """Let all of them wait for their claim."""
    return []


def store(
    decisions: Iterable[Decision], changed: dict[Pair, CooldownState], hold: Hold
) -> list[Execution]:  # fmt: skip
    """Write everything, in the caller's transaction; give those of the new executions that were taken to be sent.

    `hold` takes them, before they are stored.
    """
    now, executions = database_now(), []
    suppressed: dict[tuple[Pair, datetime], _Suppressed] = {}
    for decision in decisions:
        if decision.suppression is None:
            executions.append(_execution(decision, now))
            continue
        key = (decision.suppression.key, decision.suppression.since)
        if key in suppressed:
            suppressed[key].count += 1
        else:
            suppressed[key] = _Suppressed(decision)
    # Ignored: an execution of this event that is there already, from a batch that was judged twice.
    taken = hold([one for one in executions if one.state == ExecutionState.PENDING])
    stored = [one for one in taken if compiled_statements.insert_new_row(one)]
    compiled_statements.insert([one for one in executions if one not in taken], ignore_conflicts=True)
    _count_for_metrics(executions, suppressed.values())
    _store_cooldowns(changed)
    _count(suppressed.values(), now)
    return stored


def _count_for_metrics(executions: Iterable[Execution], suppressed: Iterable[_Suppressed]) -> None:
    counts = Counter((one.receiver_key, str(one.state)) for one in executions)
    for entry in suppressed:
        counts[entry.first.loaded.automation.receiver_key, str(ExecutionState.SUPPRESSED)] += entry.count
    for (receiver_key, state), count in counts.items():
        prometheus_metrics.EXECUTIONS.count(prometheus_metrics.receiver_kind(receiver_key), state, amount=count)


def _store_cooldowns(changed: dict[Pair, CooldownState]) -> None:
    cooldowns = [
        Cooldown(automation_id=pk, subject=subject, fired_at=cooldown.fired_at, holding=cooldown.holding)
        for (pk, subject), cooldown in changed.items()
    ]
    compiled_statements.insert(cooldowns, unless_there=("automation", "subject"), changing=("fired_at", "holding"))


def _count(suppressed: Collection[_Suppressed], now: datetime) -> None:
    """Count on the suppressed execution of each cooldown, or make it."""
    cooldowns = _cooldowns_of(suppressed)
    more: dict[int, list[int]] = defaultdict(list)
    for entry in suppressed:
        cooldown = cooldowns[_suppression(entry).key]
        if cooldown.suppressed is not None and _is_counted_by(cooldown.suppressed, _suppression(entry)):
            more[entry.count].append(cooldown.suppressed.pk)
        else:
            _skip(entry, cooldown, now)
    for count, ids in more.items():
        Execution.objects.filter(pk__in=ids).update(count=F("count") + count)


def _cooldowns_of(suppressed: Collection[_Suppressed]) -> dict[Pair, Cooldown]:
    """Give the cooldowns that keep these silent. The rate limit keeps its row among them."""
    first = {_suppression(entry).key: entry.first for entry in suppressed}
    rows = Cooldown.objects.filter(automation__in={pair[0] for pair in first}, subject__in={pair[1] for pair in first})
    found = {(row.automation_id, row.subject): row for row in rows.select_related("suppressed")}
    for pair in first.keys() - found.keys():
        at = first[pair].context.occurred_at
        found[pair] = Cooldown.objects.get_or_create(automation_id=pair[0], subject=pair[1], defaults={"fired_at": at})[
            0
        ]
    return found


def _skip(entry: _Suppressed, cooldown: Cooldown, now: datetime) -> None:
    execution = _execution(entry.first, now)
    if Execution.objects.filter(automation=execution.automation, event=execution.event_id, recovered=False).exists():
        # It fired, or was counted, when the batch was judged before.
        return
    execution.count = entry.count
    execution.save()
    cooldown.suppressed = execution
    cooldown.save(update_fields=["suppressed"])


def _suppression(entry: _Suppressed) -> Suppression:
    assert entry.first.suppression is not None
    return entry.first.suppression


def _is_counted_by(suppressed: Execution, suppression: Suppression) -> bool:
    # A reason alone says too little: two short cooldowns may end in the same minute.
    return suppressed.reason == suppression.reason and suppressed.occurred_at >= suppression.since


def _execution(decision: Decision, now: datetime) -> Execution:
    automation, context = decision.loaded.automation, decision.context
    judged = {name: value for verdict in decision.verdicts for name, value in verdict.values.items()}
    judged["alert_status"] = "recovered" if decision.recovered else "firing"
    reason = decision.failure or (decision.suppression.reason if decision.suppression else "")
    return Execution(
        automation=automation,
        event_id=context.event_id,
        team_id=automation.team_id,
        state=ExecutionState.PENDING if decision.fires else ExecutionState.SUPPRESSED,
        reason=reason,
        why="; ".join(verdict.why for verdict in decision.verdicts),
        recovered=decision.recovered,
        occurred_at=context.occurred_at,
        subject_label=context.subject.label[:300],
        subject_url=context.subject.url,
        kept_variables={
            **variables.values(automation.name, automation.event_type, context, judged),
            **run_log.values(automation.action, context, automation.event_type, automation.team_id),
        },
        action_type=automation.action_type,
        kept_action=automation.action,
        receiver_key=automation.receiver_key,
        next_attempt_at=now if decision.fires else None,
        ended_at=None if decision.fires else now,
    )
