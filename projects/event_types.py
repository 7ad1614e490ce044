"""Event types of runs: what can happen to a run, and its replay from stored history for backtests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.data.batches import batched
from common.own_addresses import absolute
from common.statements.prepared_query import PreparedQuery
from events.event_types import SUBJECT, EventContext, EventType, Subject, Variable, registry
from events.models import Event
from projects.access import hidden_scopes
from projects.compaction.arrival_order import in_order_of_arrival
from projects.history import writing
from projects.history.late_values import late_runs, late_values_reason
from projects.history.reading import chunks_numbered
from projects.models import HistoryChunk, Project, Run
from projects.runs import alerts, lifecycle

_OF_RUNS = (
    Variable("run_name", "The run's display name", "prod-baseline"),
    Variable("run_id", "The run's id in addresses", "x7k2p9"),
    Variable("run_url", "The run's page", "http://127.0.0.1:8000/acme/mnist/runs/x7k2p9"),
    # Its value: automations.messages.run_log.
    Variable(
        "run_log_tail",
        "The last 20 lines it printed, at most 2,000 characters, secrets masked",
        "epoch 3: loss nan\nTraceback (most recent call last):\nValueError: the loss is NaN",
    ),
)


# Written by whoever asks how long a run has been silent: automations.engine.stall_detection.
STALLED = "run.stalled"
_REPLAY_BATCH = 200
# How the chunks of a scope are found.
_IN_SCOPE = {
    "project": "run__project",
    "team": "run__project__team",
    "organization": "run__project__team__organization",
}


class RunEvent(EventType):
    """Shared by everything that happens to runs."""

    about = "run"
    subject = "a run"
    has_cooldown = True
    scopes = ("project", "team", "organization")

    @classmethod
    def hidden_scopes(cls) -> frozenset[str]:
        return hidden_scopes()

    @classmethod
    def contexts(cls, events: list[Event]) -> dict[int, EventContext]:
        runs = _runs(event.data["run"] for event in events)
        here = [event for event in events if event.data["run"] in runs]
        subjects = {pk: _subject(run) for pk, run in runs.items()}
        late = late_runs(runs.values(), max((event.occurred_at for event in here), default=timezone.now()))
        return {
            event.pk: _event_context(event, subjects[run], event.data, late.get(run, ""))
            for event, run in ((event, event.data["run"]) for event in here)
        }

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        facts = context.subject.facts
        return {
            "run_name": facts["display_name"],
            "run_id": facts["name"],
            "run_url": absolute(context.subject.url),
        }


@registry.register
class RunStateChange(RunEvent):
    """A run starts, finishes, fails or goes silent."""

    key = "run.state"
    label = _("Run state change")
    wire = "RUN_STATE"
    kind = lifecycle.RUN_STATE_CHANGED
    variables = (*_OF_RUNS, Variable("run_status", "The state the run is in now", "failed"))

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        return {**super().values(context), "run_status": context.data["state"]}

    @classmethod
    def told_state(cls, context: EventContext) -> str:
        return str(context.data["state"])


@registry.register
class AllRunsDone(RunEvent):
    """The last running run of a project, or of a group of runs, ended."""

    key = "run.all_done"
    label = _("All runs are done")
    wire = "ALL_RUNS_DONE"
    kind = lifecycle.ALL_RUNS_DONE
    has_cooldown = False
    variables = (*_OF_RUNS, Variable("run_group", "The group whose runs are done; blank: the project", "sweep-7"))

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        return {**super().values(context), "run_group": context.data["group"]}


@registry.register
class RunStalled(RunEvent):
    """A running run logged no new value of a metric, or nothing at all, for a given time."""

    key = "run.stalled"
    label = _("Run stalled")
    wire = "RUN_STALLED"
    kind = STALLED
    can_backtest = False
    variables = (
        *_OF_RUNS,
        Variable("metric_name", "The metric that stands still; blank: everything", "loss"),
        Variable("silent_seconds", "How long nothing came", 1800),
    )

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        data = context.data
        told = {"metric_name": data["metric"] or None, "silent_seconds": data["silent_seconds"]}
        return {**super().values(context), **told}


@registry.register
class RunAlert(RunEvent):
    """A script has something to say: run.alert(title, text, level)."""

    key = "run.alert"
    label = _("Alert of a script")
    wire = "RUN_ALERT"
    kind = alerts.RUN_ALERTED
    clause = f"{SUBJECT} sends an alert"
    has_cooldown = False
    variables = (
        *_OF_RUNS,
        Variable("alert_title", "The alert's title", "Loss is high"),
        Variable("alert_text", "The alert's text", "The loss was 3.2 at step 400."),
        Variable("alert_level", "INFO, WARN or ERROR", "WARN"),
    )

    @classmethod
    def values(cls, context: EventContext) -> dict[str, object]:
        told = {f"alert_{name}": context.data[name] for name in ("title", "text", "level")}
        return {**super().values(context), **told}


@registry.register
class RunMetric(RunEvent):
    """A metric of a run crosses a line."""

    key = "run.metric"
    label = _("Run metrics threshold met")
    wire = "RUN_METRIC"
    kind = writing.HISTORY_LOGGED
    variables = _OF_RUNS

    @classmethod
    def contexts(cls, events: list[Event]) -> dict[int, EventContext]:
        chunks = chunks_numbered({event.data["chunk"]: event.data["run"] for event in events})
        runs = _runs(event.data["run"] for event in events)
        subjects = {pk: _subject(run) for pk, run in runs.items()}
        found = {}
        for event in events:
            run, chunk = runs.get(event.data["run"]), chunks.get(event.data["chunk"])
            if run is not None and chunk is not None:
                late = late_values_reason(run.project, chunk.rows, chunk.created_at)
                found[event.pk] = _event_context(event, subjects[run.pk], _logged(chunk), late)
        return found

    @classmethod
    def replay(cls, scope: str, since: datetime, until: datetime) -> Iterator[EventContext]:
        """Read the chunks themselves: their events were written only where somebody listened."""
        kind, _, number = scope.partition(":")
        # A compacted one came when the last of its parts did.
        begun = Q(created_at__lt=until) | Q(part_count__isnull=False)
        logged = HistoryChunk.objects.exclude(is_copy=True).filter(begun, created_at__gte=since)
        there = logged.filter(run__project__deletion=None, run__project__team__deletion=None)
        chunks = there.filter(**{_IN_SCOPE[kind]: number})
        projects: dict[int, Project] = {}
        subjects: dict[int, Subject] = {}
        came = (chunk for chunk in in_order_of_arrival(chunks) if since <= chunk.created_at < until)
        for batch in batched(came, _REPLAY_BATCH):
            new = _runs({chunk.run_id for chunk in batch} - subjects.keys())
            subjects |= {pk: _subject(run) for pk, run in new.items()}
            projects |= {pk: run.project for pk, run in new.items()}
            for chunk in batch:
                yield _replayed(cls.kind, chunk, subjects[chunk.run_id], projects[chunk.run_id])


@registry.register
class RunMetricChange(RunMetric):
    """A metric of a run moves by an amount."""

    key = "run.metric_change"
    label = _("Run metrics change threshold met")
    wire = "RUN_METRIC_CHANGE"


@registry.register
class RunMetricZScore(RunMetric):
    """A metric of a run is far from what other runs reached."""

    key = "run.metric_zscore"
    label = _("Run metrics z-score threshold met")
    wire = "RUN_METRIC_ZSCORE"


def current_run_context(run: Run) -> EventContext:
    """Event context of the run as it is now, for filters to evaluate: nothing happened, and nothing was logged."""
    subject = _subject(run)
    return EventContext(0, RunMetric.kind, subject.facts["username"], run.created_at, subject, {})


def _runs(ids: Iterable[int]) -> dict[int, Run]:
    wanted = set(ids)
    if len(wanted) == 1:
        return {run.pk: run for run in _one_run.rows(pk=wanted.pop())}
    return Run.objects.select_related("project__team", "user").in_bulk(list(wanted))


_one_run = PreparedQuery(lambda pk: Run.objects.select_related("project__team", "user").filter(pk=pk), pk=int)


def _replayed(kind: str, chunk: HistoryChunk, subject: Subject, project: Project) -> EventContext:
    late = late_values_reason(project, chunk.rows, chunk.created_at)
    return EventContext(0, kind, subject.facts["username"], chunk.created_at, subject, _logged(chunk), late)


def _logged(chunk: HistoryChunk) -> dict[str, Any]:
    return {"stream": chunk.stream, "position": chunk.position, "rows": chunk.rows, "chunk": chunk.pk}


def _subject(run: Run) -> Subject:
    facts = {
        "id": run.pk,
        "started_at": run.created_at,
        "name": run.name,
        "display_name": str(run),
        "username": run.actor,
        "tags": run.tags,
        "group": run.group,
        "job_type": run.job_type,
        "state": run.state,
        "summary": {**run.summary, **(run.client_summary or {})},
        "created_at": run.created_at,
        "config": run.config,
        "project": run.project_id,
        "project_name": run.project.name,
        "entity_name": run.project.team.name,
    }
    return Subject(key=run.stream_key, label=str(run), url=run.get_absolute_url(), facts=facts)


def _event_context(event: Event, subject: Subject, data: dict[str, Any], quiet_reason: str) -> EventContext:
    return EventContext(
        event_id=event.pk,
        kind=event.kind,
        actor=event.actor,
        occurred_at=event.occurred_at,
        subject=subject,
        data=data,
        quiet_reason=quiet_reason,
    )
