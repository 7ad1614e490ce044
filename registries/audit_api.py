"""The audit log of an organization over REST. Who administers one is known here."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request

from registries import access
from teams import audit_api, audit_log
from teams.models import AuditEvent
from teams.people import person


class AuditLog(audit_api.AuditLog):
    """Who changed an organization's registries, teams and admins, and who was refused. For its admins."""

    def readable(self) -> QuerySet[AuditEvent]:
        return _of_organization(self.request, self.kwargs["organization"])


class AuditExport(audit_api.AuditExport):
    """The audit log of an organization as a file, oldest first. For its admins."""

    def readable(self) -> QuerySet[AuditEvent]:
        return _of_organization(self.request, self.kwargs["organization"])


def _of_organization(request: Request, name: str) -> QuerySet[AuditEvent]:
    return audit_log.of_organization(access.administered_organization(person(request), name))
