"""Workers: whether any gives a sign of life."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import worker_heartbeat
from operations.checks.operator_check import Alarms, Finding, Level, OperatorCheck, Probe, registry


@registry.register
class WorkersAlive(OperatorCheck):
    """The youngest sign of life of all workers."""

    key, label = "workers", gettext_lazy("Workers")
    part = "worker"
    remedy = "Start `runbell worker` (or `runbell serve`), and look at its log."

    def findings(self) -> Iterable[Finding]:
        age = worker_heartbeat.youngest_seconds()
        most = settings.READY_BEAT_SECONDS
        if age is not None and age <= most:
            return [Finding(Level.OK, f"{worker_heartbeat.alive_count(most)} workers give signs of life.")]
        return [Finding(Level.PROBLEM, _none() if age is None else _silent(age), self.remedy)]

    def alarms(self) -> Alarms:
        age = worker_heartbeat.youngest_seconds()
        if age is None:
            return {"worker_silent": _none()}
        return {"worker_silent": _silent(age) if age > settings.ALARM_SILENT_SECONDS else ""}

    def probes(self) -> Iterable[Probe]:
        age = worker_heartbeat.youngest_seconds()
        if age is None:
            return [Probe("heartbeat", _none())]
        most = settings.READY_BEAT_SECONDS
        late = f"The last sign of life of a worker is {age:.0f} s old; RUNBELL_READY_BEAT_SECONDS allows {most}."
        return [Probe("heartbeat", late if age > most else "", age)]


def _none() -> str:
    return _("No worker has given a sign of life. Start one: `runbell worker`.")


def _silent(age: float) -> str:
    return _("All workers are silent since %(seconds)d s: nothing is judged or sent.") % {"seconds": age}
