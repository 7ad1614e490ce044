"""Group mapping: teams and roles that a provider's groups give, and take back when they are gone.

What came from a group is remembered with its provider (`Membership.source`, `AdminByGroup`); what was made by hand, or
by another provider, is left as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction

from teams import memberships
from teams.audit import audit_log
from teams.models import AdminByGroup, Membership, Organization, Role, Team, User
from teams.sign_in.single_sign_on.provider_settings import GroupGrant, IdentityProvider

logger = logging.getLogger(__name__)

_RANK = {Role.VIEWER.value: 0, Role.MEMBER.value: 1, Role.ADMIN.value: 2}


def follow_groups(provider: IdentityProvider, user: User, groups: Iterable[str]) -> None:
    """Let the person be where the groups of today say, and nowhere else by this provider."""
    if not provider.groups:
        return
    grants = [provider.groups[name] for name in groups if name in provider.groups]
    with transaction.atomic():
        _follow_teams(provider, user, _roles(grants))
        _follow_organizations(provider, user, {name for grant in grants for name in grant.admin_of})


def _roles(grants: Iterable[GroupGrant]) -> dict[str, str]:
    """Give the highest role in each team."""
    roles: dict[str, str] = {}
    for grant in grants:
        for team, role in grant.teams.items():
            roles[team] = max(role, roles.get(team, role), key=_RANK.__getitem__)
    return roles


def _follow_teams(provider: IdentityProvider, user: User, roles: dict[str, str]) -> None:
    teams = {team.name: team for team in Team.objects.filter(name__in=roles)}
    _tell_missing(provider, "team", roles.keys() - teams.keys())
    # Of a team that is being deleted nothing changes: that may be undone.
    rows = Membership.objects.filter(user=user, source=provider.id, team__deletion=None)
    for membership in rows.select_related("team", "user").exclude(team__in=teams.values()):
        memberships.take_back_by_group(membership)
    # In the order of their names: two who sign in at once do not wait for each other.
    for name, team in sorted(teams.items()):
        memberships.give_role_by_group(team, user, roles[name], provider.id)


def _follow_organizations(provider: IdentityProvider, user: User, names: set[str]) -> None:
    wanted = {row.name: row for row in Organization.objects.filter(name__in=names)}
    _tell_missing(provider, "organization", names - wanted.keys())
    rows = AdminByGroup.objects.filter(user=user, source=provider.id, organization__deletion=None)
    for row in rows.select_related("organization"):
        if row.organization.name not in wanted:
            row.delete()
            if row.organization.admins.filter(pk=user.pk).exists():
                _record_admin(row.organization, user, provider, is_admin=False)
                row.organization.admins.remove(user)
    for organization in wanted.values():
        if not organization.admins.filter(pk=user.pk).exists():
            organization.admins.add(user)
            # One of before, where somebody took the admin away by hand, counts no longer.
            AdminByGroup.objects.update_or_create(
                organization=organization, user=user, defaults={"source": provider.id}
            )
            _record_admin(organization, user, provider, is_admin=True)


def _record_admin(organization: Organization, user: User, provider: IdentityProvider, *, is_admin: bool) -> None:
    said = {"admin": user.username, "source": provider.id}
    audit_log.record(
        "organization.change",
        f"organization {organization}",
        team=None,
        organization=organization,
        person=user,
        before=None if is_admin else said,
        after=said if is_admin else None,
    )


def _tell_missing(provider: IdentityProvider, what: str, names: Iterable[str]) -> None:
    for name in sorted(names):
        logger.warning("the groups of %s name the %s %s, which is not here", provider.id, what, name)
