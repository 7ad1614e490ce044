"""GraphQL fields of a team's members: its people and, for its admins, those who are invited."""

from __future__ import annotations

from typing import Any

from teams.access import may
from teams.accounts import handed_over_key
from teams.joining.invitations import open_invitations
from teams.models import Invitation, Membership, Role, Team, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.entities import Entity

member = resolver_tables.table_of("Member")
member.attributes(
    id="id", admin="admin", role="role", pending="pending", email="email", username="username", name="name",
    accountType="accountType",
)  # fmt: skip
member.always(photoUrl=None)


@resolver_tables.table_of("Entity").field("members")
def members(found: Entity, info: Info) -> list[dict[str, Any]]:
    """Those who are invited first: the SDK takes the last one for the service account that it has just made."""
    if found.team is None:
        return []
    invited = _invited(found.team) if may(person(info), found.team, Role.ADMIN) else []
    rows = found.team.memberships.select_related("user").order_by("pk")
    return [*map(_pending, invited), *map(_member, rows)]


@member.field("apiKey")
def first_key(found: dict[str, Any], info: Info) -> str | None:
    """The first key of a service account, once, to who made it. All others are hashes, which nobody can read."""
    account: User | None = found["user"]
    if account is None or not account.is_service:
        return None
    return handed_over_key.read_once(account, person(info))


def _invited(team: Team) -> list[Invitation]:
    return list(open_invitations().filter(team=team).order_by("pk"))


def _pending(row: Invitation) -> dict[str, Any]:
    return {
        "id": global_id("Invitation", row.pk), "admin": row.role == Role.ADMIN, "role": row.role, "pending": True,
        "email": row.email or None, "username": "", "name": row.email or "whoever has the link",
        "accountType": "MEMBER", "user": None,
    }  # fmt: skip


def _member(row: Membership) -> dict[str, Any]:
    return {
        "id": global_id("User", row.user_id), "admin": row.role == Role.ADMIN, "role": row.role, "pending": False,
        "email": row.user.email, "username": row.user.username, "name": row.user.get_full_name() or row.user.username,
        "accountType": "SERVICE" if row.user.is_service else "MEMBER", "user": row.user,
    }  # fmt: skip
