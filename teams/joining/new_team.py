"""New teams: who may have one made in an organization, and who is its first admin."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from common.archived_rows import refuse_archived
from common.data.validation_errors import Conflict, quoted, refuse
from teams import access, memberships
from teams.audit import audit_log
from teams.models import Organization, Role, Team, User
from teams.names import former_names


def create_team(organization: Organization, name: str, *, by: User, admin: str = "") -> Team:
    """Make a team whose first admin is one of the organization's people: `by`, or who is named.

    Nobody else is put on a team without being asked. A name that somebody has cannot be had, wherever that team is.
    """
    refuse_archived(organization)
    first = by if admin in ("", by.username) else _person(organization, admin)
    team = Team(organization=organization, name=name)
    team.clean_fields()
    team.clean()
    try:
        with transaction.atomic():
            team.save()
            former_names.take(former_names.TEAM, name)
            after = {"name": name, "admin": first.username}
            audit_log.record("team.create", f"team {name}", team=team, organization=organization, after=after)
            with audit_log.told_by_one_row():
                memberships.give_role(team, first, Role.ADMIN)
    except IntegrityError:
        raise Conflict({"name": team.name_cannot_be_had}) from None
    return team


def _person(organization: Organization, username: str) -> User:
    found = access.people_of(organization).filter(username=username, is_service=False).first()
    if found is None:
        refuse("admin", f"There is no {quoted(username)} in the organization {organization}. Leave it out: it is you.")
    return found
