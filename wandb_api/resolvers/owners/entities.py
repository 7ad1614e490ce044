"""GraphQL resolvers of entities: teams and organizations."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from graphql import FieldNode

from common.data.validation_errors import quoted
from registries.access import organizations_of
from teams.models import Organization
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.feature_flags import FEATURES
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
    """Give the entity, or nothing. Where its members are asked for, 404: `api.team()` fails over nothing in itself."""
    found = entity_named(person(info), name) if name else None
    if found is None and _asks_for("members", info):
        raise Http404(
            f"There is no team {quoted(name)} here, or you are not on it. If you have just asked for it: to make "
            "one takes an admin of the organization, an API key for everything, and a name that nobody has."
        )
    return found


def _asks_for(field: str, info: Info) -> bool:
    nodes = [one for node in info.field_nodes for one in (node.selection_set.selections if node.selection_set else ())]
    return any(isinstance(one, FieldNode) and one.name.value == field for one in nodes)


@resolver_tables.query.field("organization")
def find_organization(_: None, info: Info, name: str | None = None) -> Organization | None:
    return organizations_of(person(info)).filter(name=name or "").first()


@entity.field("isTeam")
def is_team(found: Entity, *_: object) -> bool:
    return found.team is not None


@organization.field("id")
def organization_id(found: Organization, *_: object) -> str:
    return global_id("Organization", found.pk)


@organization.field("orgEntity")
def org_entity(found: Organization, *_: object) -> Entity:
    return Entity(found)


@organization.field("featureFlags")
def feature_flags(*_: object, rampIDType: str) -> list[dict[str, Any]]:
    """What `serverInfo.features` says: no organization has more or less. Experiments of W&B's own are not there."""
    return [{"rampKey": name, "isEnabled": on} for name, on in FEATURES.items()]
