"""Deletion of a team: its projects, integrations, secrets, automations, memberships, and keys that lead to it alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from artifacts.models import Collection
from integrations import removal
from integrations.kind import Kind, in_order
from integrations.models import Integration
from operations.deletion import cascade
from operations.deletion.contents import BYTES, count_inside
from operations.deletion.deletable import DeletableKind, automations_in, registry
from operations.deletion.kinds.project import links_elsewhere
from projects.models import Project, Run
from projects.quota import usage_of
from registries.access import require_admin
from secrets_vault.models import Secret
from secrets_vault.services import delete_secret
from teams.access import team_named
from teams.models import ApiKey, Deletion, Membership, Team, User
from teams.people.service_accounts import switch_off


@registry.register
class DeletableTeam(DeletableKind):
    """By an admin of its organization. Its people stay; service accounts that are on no other team are switched off."""

    key = "team"
    label = _("Team")
    model = Team
    shape = "TEAM"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Team:
        # One statement whether it is there or not: their number shall not tell.
        found = cls.rows_named(*parts).filter(organization__in=administered_organizations(user)).first()
        if found is not None:
            return found
        (name,) = parts
        seen = team_named(user, name)
        require_admin(user, seen.organization)
        return seen

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Team]:
        (name,) = parts
        return Team.objects.select_related("organization").filter(name=name)

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        return Q(organization__in=administered_organizations(user))

    @classmethod
    def owners(cls, row: Team) -> dict[str, Any]:
        return {"team": row, "organization": row.organization}

    @classmethod
    def contents(cls, row: Team) -> dict[str, int]:
        usage = usage_of(row)
        collections = Collection.objects.filter(project__team=row)
        counted = count_inside(Run.objects.filter(project__team=row), collections, automations_in(_listening(row.pk)))
        return {
            "projects": Project.all_rows.filter(team=row).count(),
            **counted,
            "integrations": Integration.objects.filter(team=row).count(),
            "secrets": Secret.objects.filter(team=row).count(),
            "members": Membership.objects.filter(team=row).count(),
            "api_keys": ApiKey.objects.filter(team=row).count(),
            "service_accounts": _service_accounts(row.pk).count(),
            BYTES: usage.used,
        }

    @classmethod
    def hidden_with(cls, row: Team) -> list[QuerySet[Any]]:
        return [automations_in(_listening(row.pk))]

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        team = Team.all_rows.filter(pk=deletion.object_id).first()
        if team is not None:
            yield from batches_of_team(team)


def batches_of_team(team: Team) -> Iterator[cascade.Batch]:
    """Give the team and what is in it."""
    yield from cascade.automations(automations_in(_listening(team.pk)))
    for kind in in_order():
        for row in kind.rows().filter(team=team).order_by("pk"):
            yield cascade.Batch("integration", partial(_delete_integration, kind, row))
    for secret in Secret.objects.filter(team=team).order_by("pk"):
        yield cascade.Batch("secret", partial(_delete_secret, secret))
    for user in _service_accounts(team.pk).order_by("pk"):
        yield cascade.Batch("service_account", partial(_switch_off, user))
    for project in Project.all_rows.filter(team=team).order_by("pk"):
        yield from links_elsewhere(project)
    yield from cascade.cascade(Team, team.pk)


def administered_organizations(user: User) -> QuerySet[Any]:
    """Give the organizations whose deletions the person may undo, the hidden ones among them."""
    rows = user.organizations.through.objects.filter(user=user).values("organization")
    key = user.shown_key
    narrowed = key is not None and (key.team_id is not None or bool(key.closed_to))
    return rows.none() if narrowed else rows


def _listening(team: int) -> Q:
    return Q(team=team) | Q(project__team=team) | Q(collection__project__team=team)


def _service_accounts(team: int) -> QuerySet[User]:
    """Give those that could sign in nowhere else: they were made for this team."""
    elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(team=team)
    return User.objects.filter(~Exists(elsewhere), is_service=True, is_active=True, memberships__team=team)


def _delete_integration(kind: type[Kind], row: Any) -> int:
    removal.delete(kind, row, confirmed=True)
    return 1


def _delete_secret(secret: Secret) -> int:
    delete_secret(secret, confirmed=True)
    return 1


def _switch_off(user: User) -> int:
    switch_off(user)
    return 1
