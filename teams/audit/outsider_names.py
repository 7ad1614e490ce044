"""Strangers in the audit log: whose names an organization is not told, though they asked for what is its."""

from __future__ import annotations

from teams.audit.actor import Denial
from teams.models import AuditEvent, Membership, Organization, User


def is_stranger(user: User, denial: Denial) -> bool:
    """Whether the owner of what was asked for does not know the person: they are and were on no team of its own."""
    organization = denial.team.organization if denial.team else denial.organization
    return organization is not None and not _is_known(user, organization)


def _is_known(user: User, organization: Organization) -> bool:
    return (
        Membership.objects.filter(user=user, team__organization=organization).exists()
        or organization.admins.filter(pk=user.pk).exists()
        or AuditEvent.objects.filter(person=user, team__organization=organization, verb__startswith="member.").exists()
    )
