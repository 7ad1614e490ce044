"""REST views of an organization's audit log. Who administers an organization is known here."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request

from registries import access
from teams import audit_api
from teams.accounts.signed_in import person
from teams.audit import reading
from teams.models import AuditEvent


class OrganizationAuditLog(audit_api.TeamAuditLog):
    """Who changed an organization's registries, teams and admins, and who was refused. For its admins."""

    def readable(self) -> QuerySet[AuditEvent]:
        return _of_organization(self.request, self.kwargs["organization"])


class OrganizationAuditExport(audit_api.TeamAuditExport):
    """The audit log of an organization as a file, oldest first. For its admins."""

    def readable(self) -> QuerySet[AuditEvent]:
        return _of_organization(self.request, self.kwargs["organization"])


def _of_organization(request: Request, name: str) -> QuerySet[AuditEvent]:
    return reading.of_organization(access.administered_organization(person(request), name))
