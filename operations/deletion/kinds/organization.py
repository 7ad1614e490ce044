"""Deletion of an organization: its teams and registries with all that is in them. Its people's accounts stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from artifacts.models import Registry
from operations.deletion import cascade
from operations.deletion.deletable import DeletableKind, automations_in, registry
from operations.deletion.kinds.registry import DeletableRegistry, batches_of_registry
from operations.deletion.kinds.team import DeletableTeam, administered_organizations, batches_of_team
from registries.access import administered_organization
from teams.models import Deletion, Organization, Team, User


@registry.register
class DeletableOrganization(DeletableKind):
    """By one of its admins."""

    key = "organization"
    label = _("Organization")
    model = Organization
    shape = "ORGANIZATION"

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Organization:
        return administered_organization(user, *parts)

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Organization]:
        (name,) = parts
        return Organization.objects.filter(name=name)

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        return Q(organization__in=administered_organizations(user))

    @classmethod
    def owners(cls, row: Organization) -> dict[str, Any]:
        return {"organization": row}

    @classmethod
    def contents(cls, row: Organization) -> dict[str, int]:
        teams, registries = Team.all_rows.filter(organization=row), Registry.all_rows.filter(organization=row)
        counted = Counter({"teams": teams.count(), "registries": registries.count()})
        for team in teams:
            counted.update(DeletableTeam.contents(team))
        for one in registries:
            # Of a link to a version of its own the team told already, and each automation belongs to a team.
            counted.update({"collections": DeletableRegistry.contents(one)["collections"]})
        return dict(counted)

    @classmethod
    def hidden_with(cls, row: Organization) -> list[QuerySet[Any]]:
        inside = Q(organization=row)
        return [
            automations_in(inside | Q(team__organization=row) | Q(registry__organization=row)),
            Registry.all_rows.filter(inside),
            Team.all_rows.filter(inside),
        ]

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[cascade.Batch]:
        organization = Organization.all_rows.filter(pk=deletion.object_id).first()
        if organization is None:
            return
        for one in Registry.all_rows.filter(organization=organization).order_by("pk"):
            yield from batches_of_registry(one)
        for team in Team.all_rows.filter(organization=organization).order_by("pk"):
            yield from batches_of_team(team)
        yield from cascade.automations(automations_in(Q(organization=organization)))
        yield from cascade.cascade(Organization, organization.pk)
