"""Archive and bring back (read-only): in what is archived nothing changes and nothing fires, and all of it is there.

Who is asked for more than reading says no: `common.archived_rows`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from common.archived_rows import CanBeArchived
from common.data.validation_errors import refuse_duplicate
from teams.audit import audit_log
from teams.models import Organization, Team, User

Archivable = TypeVar("Archivable", bound=CanBeArchived)


def set_archived(
    row: Archivable, archived: bool, *, by: User | None, team: Team | None, organization: Organization | None
) -> Archivable:
    """Archive the row, or bring it back; a repeat changes nothing."""
    with transaction.atomic():
        rows: Any = type(row)._base_manager
        now = timezone.now() if archived else None
        changed = rows.filter(pk=row.pk, archived_at__isnull=archived).update(archived_at=now)
        if changed:
            row.archived_at = now
            kind = row._meta.model_name
            audit_log.record(
                f"{kind}.{'archive' if archived else 'unarchive'}", f"{kind} {row}", team=team, by=by,
                organization=organization, before={"archived": not archived}, after={"archived": archived},
            )  # fmt: skip
    return row


def archive_team(team: Team, archived: bool, *, by: User | None) -> Team:
    """Archive the team with all that is in it, or bring it back. What is archived with its organization comes so."""
    organization = team.organization
    if not archived and organization.archived_at is not None:
        refuse_duplicate("archived", f"The organization {organization} is archived: bring that back first.")
    return set_archived(team, archived, by=by, team=team, organization=organization)


def archive_organization(organization: Organization, archived: bool, *, by: User | None) -> Organization:
    """Archive the organization and its teams, or bring back those that were archived with it."""
    with transaction.atomic():
        before = organization.archived_at
        changed = set_archived(organization, archived, by=by, team=None, organization=organization)
        teams = Team.all_rows.filter(organization=organization)
        if archived and before is None:
            teams.filter(archived_at=None).update(archived_at=changed.archived_at)
        elif not archived and before is not None:
            teams.filter(archived_at=before).update(archived_at=None)
    return changed
