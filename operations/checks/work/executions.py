"""Executions that failed for good in the last hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from automations.models import Execution, ExecutionState
from common.data.database_clock import database_now
from operations.checks.operator_check import Alarms, Finding, Level, OperatorCheck, registry

# For so long a delivery that failed for good is news.
_NEWS = timedelta(hours=1)


@registry.register
class ExecutionsArrive(OperatorCheck):
    """Whether a delivery failed for good, or was set aside, lately."""

    key, label = "executions", gettext_lazy("Executions")
    remedy = "Open the automation's history: it says why, and delivers again."
    well = "None failed for good in the last hour."

    def findings(self) -> Iterable[Finding]:
        # Of a receiver, not of this installation.
        return [Finding(min(one.level, Level.WARNING), one.found, one.remedy) for one in super().findings()]

    def alarms(self) -> Alarms:
        failed = Execution.objects.filter(state=ExecutionState.FAILED, ended_at__gt=database_now() - _NEWS)
        count = failed.count()
        if not count:
            return {"executions_failed": ""}
        newest = failed.select_related("automation", "team").order_by("-ended_at")[0]
        said = {"count": count, "automation": f"{newest.team.name}/{newest.automation.name}", "reason": newest.reason}
        text = _("%(count)d deliveries failed for good in the last hour; the newest of %(automation)s: %(reason)s")
        return {"executions_failed": text % said}
