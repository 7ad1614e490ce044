"""Provisioning: make organizations, people, teams and projects from a file. Twice gives the same as once.

The form of the file: docs/provision.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.webhook.models import Webhook
from integrations.webhook.services import change_webhook, create_webhook
from projects.models import Project
from teams.accounts.api_key import KeyLimits, store_key
from teams.audit import audit_log
from teams.memberships import set_role
from teams.models import Membership, Organization, Role, Team, User

_TOP = {"users", "organizations"}
_USER = {"username", "password", "email", "service", "superuser", "api_keys"}
_KEY = {"name", "key", "expires_at"}
_ORGANIZATION = {"name", "admins", "teams"}
_TEAM = {"name", "members", "projects", "webhooks"}
_WEBHOOK = {
    "name", "url", "method", "headers", "access_token", "secret", "granted_secrets", "timeout_seconds", "retry_seconds",
    "preset", "enabled",
}  # fmt: skip


class UnusableProvision(Exception):
    """The file cannot be used; the message says where in it and what to write."""


@dataclass
class ProvisionReport:
    """What was made; what was there already is not counted."""

    made: list[str] = field(default_factory=list)

    def note(self, created: bool, what: str) -> None:
        if created:
            self.made.append(what)


def provision(document: Any) -> ProvisionReport:
    """Make what the document says, all or nothing. What exists and is not in it stays. Raises Unusable."""
    report = ProvisionReport()
    top = _mapping(document, "the file", _TOP)
    with transaction.atomic():
        for where, entry in _entries(top, "users", "users", _USER):
            _user(entry, where, report)
        for where, entry in _entries(top, "organizations", "organizations", _ORGANIZATION):
            _organization(entry, where, report)
    return report


def _user(entry: Mapping[str, Any], where: str, report: ProvisionReport) -> None:
    name = _text(entry, "username", where)
    user, created = User.objects.get_or_create(username=name)
    before = None if created else _audit_values(user)
    report.note(created, f"user {name}")
    if "email" in entry:
        # What the operator writes counts as confirmed.
        user.email = user.confirmed_email = _text(entry, "email", where, default="")
    user.is_service = bool(entry.get("service", user.is_service))
    user.is_staff = user.is_superuser = bool(entry.get("superuser", user.is_superuser))
    password = _text(entry, "password", where, default="")
    new_password = bool(password) and not user.check_password(password)
    if new_password:
        user.set_password(password)
    elif created and not password:
        user.set_unusable_password()
    with _telling(where):
        user.full_clean(exclude=["password"])
    user.save()
    masked = {"password": audit_log.MASK} if new_password else {}
    after = {**_audit_values(user), **masked}
    audit_log.record(
        "user.create" if created else "user.change", f"user {name}", team=None, person=user, before=before, after=after
    )
    for place, key in _entries(entry, "api_keys", f"{where}.api_keys", _KEY, shorthand="key"):
        with _telling(place):
            store_key(
                user, _text(key, "name", place, default="provisioned"), _text(key, "key", place),
                KeyLimits(expires_at=_moment(key.get("expires_at"), place)),
            )  # fmt: skip


def _audit_values(user: User) -> dict[str, Any]:
    return audit_log.columns(user, "email", "is_service", "is_superuser")


def _organization(entry: Mapping[str, Any], where: str, report: ProvisionReport) -> None:
    organization = Organization(name=_text(entry, "name", where))
    existing = Organization.objects.filter(name=organization.name).first()
    if existing is None:
        with _telling(where):
            organization.full_clean()
        organization.save()
        name = f"organization {organization}"
        audit_log.record(
            "organization.create", name, team=None, organization=organization, after={"name": organization.name}
        )
    report.note(existing is None, f"organization {organization.name}")
    organization = existing or organization
    _add_admins(organization, [_person(name, f"{where}.admins") for name in _list(entry, "admins", where)])
    for place, team in _entries(entry, "teams", f"{where}.teams", _TEAM):
        _team(organization, team, place, report)


def _add_admins(organization: Organization, people: list[User]) -> None:
    before = {"admins": sorted(organization.admins.values_list("username", flat=True))}
    organization.admins.add(*people)
    after = {"admins": sorted(organization.admins.values_list("username", flat=True))}
    name = f"organization {organization}"
    audit_log.record("organization.change", name, team=None, organization=organization, before=before, after=after)


def _team(organization: Organization, entry: Mapping[str, Any], where: str, report: ProvisionReport) -> None:
    name = _text(entry, "name", where)
    team = Team.objects.filter(name=name).first()
    if team is not None and team.organization_id != organization.pk:
        raise UnusableProvision(f"{where}: the team {name!r} belongs to another organization, {team.organization}.")
    if team is None:
        team = Team(organization=organization, name=name)
        with _telling(where):
            team.full_clean()
        team.save()
        audit_log.record("team.create", f"team {name}", team=team, organization=organization, after={"name": name})
        report.note(True, f"team {name}")
    members = _mapping(entry.get("members") or {}, f"{where}.members")
    for username, role in members.items():
        if role not in Role.values:
            raise UnusableProvision(
                f"{where}.members.{username}: {role!r} is no role. Choose one of: {', '.join(Role.values)}."
            )
        _person(username, f"{where}.members")
        created = not Membership.objects.filter(team=team, user__username=username).exists()
        with _telling(f"{where}.members"):
            set_role(team, username, role)
        report.note(created, f"member {username} of {name}")
    for project in _list(entry, "projects", where):
        _project(team, project, f"{where}.projects", report)
    for place, webhook in _entries(entry, "webhooks", f"{where}.webhooks", _WEBHOOK):
        _webhook(team, webhook, place, report)


def _webhook(team: Team, entry: Mapping[str, Any], where: str, report: ProvisionReport) -> None:
    name = _text(entry, "name", where)
    existing = Webhook.objects.filter(team=team, name=name).select_related("team").first()
    with _telling(where):
        if existing is None:
            create_webhook(team, entry)
            report.note(True, f"webhook {name} of {team.name}")
        else:
            change_webhook(existing, entry)


def _project(team: Team, name: Any, where: str, report: ProvisionReport) -> None:
    if Project.objects.filter(team=team, name=name).exists():
        return
    project = Project(team=team, name=str(name))
    with _telling(where):
        project.full_clean()
    project.save()
    report.note(True, f"project {project}")


def _person(username: Any, where: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UnusableProvision(f"{where}: there is no user {username!r}. Add one under users.")
    return user


def _entries(
    parent: Mapping[str, Any], name: str, where: str, known: set[str], *, shorthand: str = "name"
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the entries of a list with their places; a bare text stands for its `shorthand` field."""
    for index, entry in enumerate(_list(parent, name, where)):
        place = f"{where}[{index}]"
        yield place, _mapping({shorthand: entry} if isinstance(entry, str) else entry, place, known)


def _list(parent: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = parent.get(name) or []
    if not isinstance(value, list):
        raise UnusableProvision(f"{where}: {name} must be a list.")
    return value


def _mapping(value: Any, where: str, known: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnusableProvision(f"{where} must be a mapping of names to values, not {type(value).__name__}.")
    unknown = sorted(str(name) for name in value if known is not None and name not in known)
    if unknown:
        raise UnusableProvision(f"{where}: {unknown[0]!r} is not known here. Known: {', '.join(sorted(known or ()))}.")
    return value


def _text(entry: Mapping[str, Any], name: str, where: str, *, default: str | None = None) -> str:
    value = entry.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        # The value is not repeated: it may be a password.
        raise UnusableProvision(f"{where}: {name} must be a text. Put it in quotes.")
    return value


def _moment(value: Any, where: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise UnusableProvision(f"{where}: expires_at is no time; write it like 2027-01-31T12:00:00Z.") from None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise UnusableProvision(f"{where}: expires_at is no time; write it like 2027-01-31T12:00:00Z.")


class _telling:
    """Say where in the file a refusal belongs."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ValidationError):
            raise UnusableProvision(f"{self.where}: {' '.join(error.messages)}") from None
