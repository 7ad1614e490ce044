"""What can happen to a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.batches import batched
from events.models import Event
from events.types import SUBJECT, EventType, Happening, Subject, Variable, registry
from projects import alerts, history, services
from projects.models import HistoryChunk, Run

_OF_RUNS = (
    Variable("run_name", "The run's display name", "prod-baseline"),
    Variable("run_id", "The run's id in addresses", "x7k2p9"),
    Variable("run_url", "The run's page", "http://127.0.0.1:8000/acme/mnist/runs/x7k2p9"),
)


# Written by whoever asks how long a run has been silent: automations.engine.stalls.
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
    rests = True
    scopes = ("project", "team", "organization")

    @classmethod
    def happenings(cls, events: list[Event]) -> dict[int, Happening]:
        subjects = _subjects(event.data["run"] for event in events)
        here = [event for event in events if event.data["run"] in subjects]
        return {event.pk: _happening(event, subjects[event.data["run"]], event.data) for event in here}

    @classmethod
    def values(cls, happening: Happening) -> dict[str, object]:
        facts = happening.subject.facts
        return {
            "run_name": facts["display_name"],
            "run_id": facts["name"],
            "run_url": settings.RUNBELL_URL + happening.subject.url,
        }


@registry.register
class RunStateChange(RunEvent):
    """A run starts, finishes, fails or goes silent."""

    key = "run.state"
    label = _("Run state change")
    wire = "RUN_STATE"
    kind = services.STATE_CHANGED
    variables = (*_OF_RUNS, Variable("run_status", "The state the run is in now", "failed"))

    @classmethod
    def values(cls, happening: Happening) -> dict[str, object]:
        return {**super().values(happening), "run_status": happening.data["state"]}


@registry.register
class AllRunsDone(RunEvent):
    """The last running run of a project, or of a group of runs, ended."""

    key = "run.all_done"
    label = _("All runs are done")
    wire = "ALL_RUNS_DONE"
    kind = services.ALL_DONE
    rests = False
    variables = (*_OF_RUNS, Variable("run_group", "The group whose runs are done; blank: the project", "sweep-7"))

    @classmethod
    def values(cls, happening: Happening) -> dict[str, object]:
        return {**super().values(happening), "run_group": happening.data["group"]}


@registry.register
class RunStalled(RunEvent):
    """A running run logged no new value of a metric, or nothing at all, for a given time."""

    key = "run.stalled"
    label = _("Run stalled")
    wire = "RUN_STALLED"
    kind = STALLED
    looks_back = False
    variables = (
        *_OF_RUNS,
        Variable("metric_name", "The metric that stands still; blank: everything", "loss"),
        Variable("silent_seconds", "How long nothing came", 1800),
    )

    @classmethod
    def values(cls, happening: Happening) -> dict[str, object]:
        data = happening.data
        told = {"metric_name": data["metric"] or None, "silent_seconds": data["silent_seconds"]}
        return {**super().values(happening), **told}


@registry.register
class RunAlert(RunEvent):
    """A script has something to say: run.alert(title, text, level)."""

    key = "run.alert"
    label = _("Alert of a script")
    wire = "RUN_ALERT"
    kind = alerts.ALERTED
    phrase = f"{SUBJECT} sends an alert"
    rests = False
    variables = (
        *_OF_RUNS,
        Variable("alert_title", "The alert's title", "Loss is high"),
        Variable("alert_text", "The alert's text", "The loss was 3.2 at step 400."),
        Variable("alert_level", "INFO, WARN or ERROR", "WARN"),
    )

    @classmethod
    def values(cls, happening: Happening) -> dict[str, object]:
        told = {f"alert_{name}": happening.data[name] for name in ("title", "text", "level")}
        return {**super().values(happening), **told}


@registry.register
class RunMetric(RunEvent):
    """A metric of a run crosses a line."""

    key = "run.metric"
    label = _("Run metrics threshold met")
    wire = "RUN_METRIC"
    kind = history.LOGGED
    variables = _OF_RUNS

    @classmethod
    def happenings(cls, events: list[Event]) -> dict[int, Happening]:
        chunks = HistoryChunk.objects.in_bulk([event.data["chunk"] for event in events])
        subjects = _subjects(event.data["run"] for event in events)
        found = {}
        for event in events:
            subject, chunk = subjects.get(event.data["run"]), chunks.get(event.data["chunk"])
            if subject is not None and chunk is not None:
                found[event.pk] = _happening(event, subject, _logged(chunk))
        return found

    @classmethod
    def replay(cls, scope: str, since: datetime, until: datetime) -> Iterator[Happening]:
        """Read the chunks themselves: their events were written only where somebody listened."""
        kind, _, number = scope.partition(":")
        chunks = HistoryChunk.objects.filter(created_at__gte=since, created_at__lt=until, **{_IN_SCOPE[kind]: number})
        subjects: dict[int, Subject] = {}
        for batch in batched(chunks.order_by("id").iterator(_REPLAY_BATCH), _REPLAY_BATCH):
            subjects |= _subjects({chunk.run_id for chunk in batch} - subjects.keys())
            for chunk in batch:
                subject = subjects[chunk.run_id]
                yield Happening(0, cls.kind, subject.facts["username"], chunk.created_at, subject, _logged(chunk))


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


def as_it_is(run: Run) -> Happening:
    """Give the run as it is now, for filters to judge: nothing happened, and nothing was logged."""
    subject = _subject(run)
    return Happening(0, RunMetric.kind, subject.facts["username"], run.created_at, subject, {})


def _subjects(ids: Iterable[int]) -> dict[int, Subject]:
    runs = Run.objects.select_related("project__team", "user").in_bulk(list(set(ids)))
    return {pk: _subject(run) for pk, run in runs.items()}


def _logged(chunk: HistoryChunk) -> dict[str, Any]:
    return {"stream": chunk.stream, "position": chunk.position, "rows": chunk.rows, "chunk": chunk.pk}


def _subject(run: Run) -> Subject:
    facts = {
        "id": run.pk,
        "started_at": run.created_at,
        "name": run.name,
        "display_name": str(run),
        "username": services.actor_of(run),
        "tags": run.tags,
        "group": run.group,
        "job_type": run.job_type,
        "state": run.state,
        "summary": {**run.summary, **(run.told_summary or {})},
        "created_at": run.created_at,
        "config": run.config,
        "project_name": run.project.name,
        "entity_name": run.project.team.name,
    }
    return Subject(key=run.stream_key, label=str(run), url=run.get_absolute_url(), facts=facts)


def _happening(event: Event, subject: Subject, data: dict[str, Any]) -> Happening:
    return Happening(
        event_id=event.pk,
        kind=event.kind,
        actor=event.actor,
        occurred_at=event.occurred_at,
        subject=subject,
        data=data,
    )
