"""The backlog: how long the oldest event has waited to be judged, and the oldest due delivery to be sent."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from automations.delivery import claims
from events import ledger
from operations.checks.operator_check import Alarms, Finding, OperatorCheck, Probe, registry


@registry.register
class BacklogAge(OperatorCheck):
    """What waits for workers, and for how long."""

    key, label = "backlog", gettext_lazy("Backlog")
    part = "worker"
    remedy = "Look at the workers' log and CPU; start more, on any host: they share the work."

    def findings(self) -> Iterable[Finding]:
        events, deliveries = ledger.oldest_seconds(), claims.oldest_due_seconds()
        self.well = f"The oldest event waits for {events:.0f} s, the oldest due delivery for {deliveries:.0f} s."
        return super().findings()

    def alarms(self) -> Alarms:
        events, deliveries = ledger.oldest_seconds(), claims.oldest_due_seconds()
        most = settings.ALARM_BACKLOG_SECONDS
        judged = _("An event has waited to be judged for %(seconds)d s.") % {"seconds": events}
        sent = _("A delivery that is due has waited to be sent for %(seconds)d s.") % {"seconds": deliveries}
        return {
            "backlog_events": judged if events > most else "",
            "backlog_deliveries": sent if deliveries > most else "",
        }

    def probes(self) -> Iterable[Probe]:
        yield _probe("events", "An event has waited to be judged", ledger.oldest_seconds())
        yield _probe("deliveries", "A delivery that is due has waited to be sent", claims.oldest_due_seconds())


def _probe(name: str, sentence: str, age: float) -> Probe:
    most = settings.READY_BACKLOG_SECONDS
    late = f"{sentence} for {age:.0f} s; RUNBELL_READY_BACKLOG_SECONDS allows {most}."
    return Probe(name, late if age > most else "", age)
