"""Integrations: which of them have only failed for a while."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.data.database_clock import database_now
from integrations.models import Integration
from operations.checks.operator_check import Alarms, OperatorCheck, registry

_MOST_NAMED = 5


@registry.register
class ReceiversWork(OperatorCheck):
    """Whether what is sent to each integration's receiver arrives."""

    key, label = "integrations", gettext_lazy("Integrations")
    remedy = (
        "Send a test from the integration's page: it shows request and answer. Where the receiver is gone, disable it."
    )
    well = "None has only failed for a while."

    def alarms(self) -> Alarms:
        since = database_now() - timedelta(seconds=settings.ALARM_FAILING_SECONDS)
        failing = Integration.objects.filter(enabled=True, failing_since__lt=since).select_related("team")
        names = [f"{row.team.name}/{row.kind}/{row.name}" for row in failing.order_by("failing_since")[:_MOST_NAMED]]
        if not names:
            return {"receivers_failing": ""}
        said = {"count": failing.count(), "names": ", ".join(names)}
        return {"receivers_failing": _("%(count)d receivers only fail, such as %(names)s.") % said}
