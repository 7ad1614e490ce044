"""Make an organization, and say who administers it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from common.data.validation_errors import Conflict, quoted, refuse
from teams.access import people_of
from teams.audit import audit_log
from teams.models import Organization, Team, User
from teams.names import archiving, former_names, renaming


def create_organization(name: str, *, by: User) -> Organization:
    """Make an organization that `by` administers."""
    organization = Organization(name=name)
    organization.clean_fields()
    organization.clean()
    try:
        with transaction.atomic():
            organization.save()
            former_names.take(former_names.ORGANIZATION, name)
            organization.admins.add(by)
            after = {"name": name, "admins": [by.username]}
            audit_log.record(
                "organization.create", f"organization {name}", team=None, organization=organization, by=by, after=after
            )
    except IntegrityError:
        raise Conflict({"name": f"{quoted(name)} cannot be had: choose another name."}) from None
    return organization


def change_organization(organization: Organization, values: dict[str, object], *, by: User) -> Organization:
    """Rename it, archive it, or bring it back: what is given, all of it or nothing."""
    with transaction.atomic():
        if "name" in values:
            organization = renaming.rename_organization(organization, str(values["name"]), by=by)
        if "archived" in values:
            organization = archiving.archive_organization(organization, bool(values["archived"]), by=by)
    return organization


def change_team(team: Team, values: dict[str, object], *, by: User) -> Team:
    """Rename it, archive it, or bring it back: what is given, all of it or nothing."""
    with transaction.atomic():
        if "name" in values:
            team = renaming.rename_team(team, str(values["name"]), by=by)
        if "archived" in values:
            team = archiving.archive_team(team, bool(values["archived"]), by=by)
    return team


def add_admin(organization: Organization, username: str) -> User:
    """Let one of its people administer the organization."""
    user = people_of(organization).filter(username=username, is_service=False).first()
    if user is None:
        refuse("username", f"There is no {quoted(username)} in the organization {organization}. Add them to a team.")
    with transaction.atomic():
        before = _admins(organization)
        organization.admins.add(user)
        _record(organization, user, before)
    return user


def remove_admin(organization: Organization, user: User) -> None:
    """Let them administer it no more. The last one stays."""
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
        if not locked.admins.exclude(pk=user.pk).filter(is_active=True).exists():
            refuse("username", f"{user} is the last admin of {organization}. Make someone else admin first.")
        before = _admins(locked)
        locked.admins.remove(user)
        _record(locked, user, before)


def people_with_roles(organization: Organization) -> QuerySet[User]:
    """Give the people of an organization that can sign in, each with how many of its teams they are on."""
    on = Count("memberships", filter=Q(memberships__team__organization=organization), distinct=True)
    return people_of(organization).filter(is_service=False).annotate(team_count=on).order_by("username")


def _admins(organization: Organization) -> list[str]:
    return sorted(organization.admins.values_list("username", flat=True))


def _record(organization: Organization, user: User, before: list[str]) -> None:
    audit_log.record(
        "organization.admins", f"admins of the organization {organization}", team=None, organization=organization,
        person=user, before={"admins": before}, after={"admins": _admins(organization)},
    )  # fmt: skip
