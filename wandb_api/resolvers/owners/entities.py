"""GraphQL resolvers of entities: teams and organizations."""

from __future__ import annotations

from typing import Any

from registries.access import organizations_of
from teams.models import Organization, Role, Team
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.entities import Entity, entity_named

entity = resolver_tables.table_of("Entity")
entity.attributes(id="id", name="name", entityType="kind", organization="organization")
entity.always(
    available=False,
    photoUrl=None,
    readOnly=False,
    readOnlyAdmin=False,
    privateOnly=True,
    storageBytes=0,
    codeSavingEnabled=False,
    defaultAccess="PRIVATE",
    isPaid=True,
    limits=None,
    user=None,
    xxhashDigestsEnabled=False,
)
resolver_tables.register_typename(Entity, "Entity")

organization = resolver_tables.table_of("Organization")
organization.attributes(name="name")
organization.always(coreWeaveOrganizationId=None, advancedRegistryFeatures={"advancedSearch": False})


@resolver_tables.query.field("entity")
def find_entity(_: None, info: Info, name: str | None = None) -> Entity | None:
    return entity_named(person(info), name) if name else None


@resolver_tables.query.field("organization")
def find_organization(_: None, info: Info, name: str | None = None) -> Organization | None:
    return organizations_of(person(info)).filter(name=name or "").first()


@entity.field("isTeam")
def is_team(found: Entity, *_: object) -> bool:
    return found.team is not None


@entity.field("members")
def members(found: Entity, *_: object) -> list[dict[str, Any]]:
    return [_member(row) for row in _memberships(found.team)] if found.team else []


@organization.field("id")
def organization_id(found: Organization, *_: object) -> str:
    return global_id("Organization", found.pk)


@organization.field("orgEntity")
def org_entity(found: Organization, *_: object) -> Entity:
    return Entity(found)


@organization.field("featureFlags")
def feature_flags(*_: object, rampIDType: str) -> list[dict[str, Any]]:
    """None: these are experiments of W&B's own."""
    return []


def _memberships(team: Team) -> Any:
    return team.memberships.select_related("user").order_by("pk")


def _member(row: Any) -> dict[str, Any]:
    return {
        "id": global_id("User", row.user_id),
        "admin": row.role == Role.ADMIN,
        "role": row.role,
        "pending": False,
        "email": row.user.email,
        "username": row.user.username,
        "name": row.user.get_full_name() or row.user.username,
        "photoUrl": None,
        "accountType": "SERVICE" if row.user.is_service else "MEMBER",
        # Keys are kept as hashes: nobody can see one again.
        "apiKey": None,
    }
