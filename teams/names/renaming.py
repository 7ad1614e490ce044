"""Rename a team and an organization. What listens in them follows by `teams.names.renamed_places`."""

from __future__ import annotations

from typing import TypeVar

from django.db import IntegrityError, transaction

from common.data.validation_errors import Conflict, quoted
from teams.audit import audit_log
from teams.models import Organization, Team, User
from teams.names import former_names, renamed_places

Named = TypeVar("Named", Team, Organization)


def rename_team(team: Team, name: str, *, by: User | None) -> Team:
    """Call the team otherwise; its name of before leads to it until somebody takes it."""
    return _renamed(team, former_names.TEAM, name, by=by, team=team, organization=team.organization)


def rename_organization(organization: Organization, name: str, *, by: User | None) -> Organization:
    """Call the organization otherwise; its name of before leads to it until somebody takes it."""
    return _renamed(organization, former_names.ORGANIZATION, name, by=by, team=None, organization=organization)


def _renamed(
    row: Named, kind: str, name: str, *, by: User | None, team: Team | None, organization: Organization
) -> Named:
    try:
        with transaction.atomic():
            locked = type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
            old, locked.name = locked.name, name
            locked.clean_fields(exclude=["organization"])
            locked.clean()
            locked.save(update_fields=["name"])
            keep_name(kind, old, name, locked.pk)
            renamed_places.renamed(locked)
            audit_log.record(
                f"{kind}.rename", f"{kind} {old}", team=team, organization=organization, by=by, before={"name": old},
                after={"name": name},
            )  # fmt: skip
    except IntegrityError:
        # Of whom it is, here or elsewhere, nothing is told.
        raise Conflict({"name": f"{quoted(name)} cannot be had: choose another name."}) from None
    return locked


def keep_name(kind: str, old: str, new: str, object_id: int, owner: int = 0) -> None:
    """Let the old name lead on, and the new one no longer anywhere else."""
    if old != new:
        former_names.take(kind, new, owner)
        former_names.keep(kind, old, object_id, owner)
