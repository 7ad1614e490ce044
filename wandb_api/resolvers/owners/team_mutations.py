"""GraphQL mutations of teams: createTeam, createInvite, deleteInvite, createServiceAccount."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied

from common.data.lookup import row_or_404
from common.data.validation_errors import Conflict, quoted, refuse
from registries.access import organizations_of, require_admin
from teams import memberships
from teams.access import is_instance_admin, team_named
from teams.accounts.default_team import default_team
from teams.joining import invitations
from teams.joining.new_account import create_service_account
from teams.joining.new_team import create_team
from teams.models import Membership, Organization, Role, Team, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id, key_of, kind_and_key
from wandb_api.lookup.entities import entity_of
from wandb_api.resolvers.owners.registry_members import DONE


@resolver_tables.mutation.field("createTeam")
def make_team(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Make a team in the organization that the caller administers."""
    user = person(info)
    organization = _organization_for(user)
    team = create_team(organization, input["teamName"], by=user, admin=input.get("teamAdminUserName") or "")
    info.context.forget()
    return {"entity": entity_of(team)}


@resolver_tables.mutation.field("createInvite")
def invite(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Put a person of the organization on the team, by user name; invite anybody else, by e-mail."""
    user = person(info)
    team = team_named(user, input["entityName"], Role.ADMIN)
    role = Role.ADMIN if input.get("admin") else Role.MEMBER
    if input.get("username"):
        invited = _added(team, input["username"], role)
        info.context.forget()
        return {"invite": invited}
    if not input.get("email"):
        refuse("username", "Say whom to invite: the user name of a colleague, or an e-mail address.")
    return {"invite": _invited(team, input["email"], role, by=user)}


@resolver_tables.mutation.field("deleteInvite")
def remove(_: None, info: Info, input: dict[str, Any]) -> dict[str, bool]:
    """Take an invitation back, or a member off the team, as an admin; or leave it oneself. The last admin stays."""
    user, id = person(info), input.get("id")
    if not id:
        refuse("id", "Say who goes: the id of a member or of an invitation, as the members of the team say it.")
    kind, key = kind_and_key(id)
    is_own = kind == "User" and key == user.pk
    team = team_named(user, input.get("entityName") or "", Role.VIEWER if is_own else Role.ADMIN)
    if kind == "Invitation":
        rows = invitations.open_invitations().filter(team=team)
        invitations.revoke(row_or_404(rows, f"open invitation {quoted(id)} in the team {team}", pk=key))
    else:
        rows_of_people = Membership.objects.filter(team=team)
        what = f"member with the id {quoted(id)} in the team {team}"
        memberships.leave(row_or_404(rows_of_people, what, user=key_of("User", id)))
    return DONE


@resolver_tables.mutation.field("createServiceAccount")
def make_service_account(_: None, info: Info, input: dict[str, Any]) -> dict[str, User]:
    user = person(info)
    account = create_service_account(team_named(user, input["entityName"], Role.ADMIN), input["description"], by=user)
    info.context.forget()
    return {"user": account}


def _organization_for(user: User) -> Organization:
    """Give the organization of the default team, else the only one there is, to its admins and to instance admins."""
    team = default_team(user)
    mine = list(organizations_of(user)[:2])
    found = team.organization if team else mine[0] if len(mine) == 1 else None
    if found is None:
        raise PermissionDenied("This takes an admin of an organization, whose default team says which one is meant.")
    if not is_instance_admin(user):
        require_admin(user, found)
    return found


def _added(team: Team, username: str, role: Role) -> dict[str, Any]:
    if Membership.objects.filter(team=team, user__username=username).exists():
        raise Conflict({"username": f"{quoted(username)} is on {team} already."})
    row = memberships.add_colleague(team, username, role)
    return {
        "id": global_id("User", row.user_id), "name": row.user.get_full_name() or row.user.username,
        "email": row.user.email or None, "createdAt": None, "toUser": row.user,
    }  # fmt: skip


def _invited(team: Team, email: str, role: Role, *, by: User) -> dict[str, Any]:
    if not settings.EMAIL_HOST:
        refuse(
            "email",
            "This Runbell sends no e-mail, so nobody would get the link. Make the invitation under Team settings, "
            "which shows it; or name a colleague by the user name.",
        )
    if invitations.open_invitations().filter(team=team, email=email).exists():
        raise Conflict({"email": f"{quoted(email)} is invited to {team} already."})
    row, _link = invitations.invite(team, role, email, by=by)
    return {
        "id": global_id("Invitation", row.pk), "name": row.email, "email": row.email, "createdAt": row.created_at,
        "toUser": None,
    }  # fmt: skip
