"""Retention of the audit log."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from operations.retention.retention_kind import AgedRows, registry
from teams.models import AuditEvent


@registry.register
class AuditRetention(AgedRows):
    """Rows of the audit log. Nobody but the operator says for how long: who is watched cannot shorten it."""

    key = "audit"
    label = _("Audit log")
    moment_column = "at"
    teams_may_shorten = False

    def removable(self) -> QuerySet[Any]:
        # Past the manager, which only adds: this is the one place where rows of it go.
        return QuerySet(AuditEvent)
