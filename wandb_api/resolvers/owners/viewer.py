"""GraphQL resolvers of the viewer: who the API key belongs to."""

from __future__ import annotations

from typing import Any

from registries.access import organizations_of
from teams.access import teams_of
from teams.accounts.default_team import default_team
from teams.models import ApiKey, Organization, User
from wandb_api.graphql import resolver_tables
from wandb_api.graphql.caller import Info, visitor
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.entities import entity_of

user = resolver_tables.table_of("User")
user.attributes(username="username", email="email", admin="is_superuser")
user.always(flags="{}", deletedAt=None)
resolver_tables.register_typename(User, "User")


@resolver_tables.query.field("viewer")
def viewer(_: None, info: Info) -> User | None:
    """Nobody for nobody: older SDKs ask it so whether a key is right."""
    found = visitor(info)
    return found if isinstance(found, User) else None


@user.field("id")
def id_of(found: User, *_: object) -> str:
    return global_id("User", found.pk or 0)


@user.field("name")
def name(found: User, *_: object) -> str:
    return found.get_full_name() or found.username


@user.field("entity")
def entity(found: User, info: Info) -> str | None:
    """The team that is meant where a script of theirs names none, as far as the caller knows it."""
    team = default_team(found)
    return team.name if team is not None and team.pk in info.context.teams else None


@user.field("teams")
def teams(found: User, *_: object) -> dict[str, Any]:
    entities = [entity_of(team) for team in teams_of(found).select_related("organization")]
    return {"edges": [{"node": one} for one in entities]}


@user.field("organizations")
def organizations(found: User, *_: object) -> list[Organization]:
    return list(organizations_of(found))


@user.field("apiKeys")
def api_keys(found: User, info: Info) -> dict[str, Any]:
    """Give the names of one's own keys, to instance admins of everybody's; `key.startswith(name)`, as at W&B.

    A key itself is shown once, when it is made.
    """
    is_shown = visitor(info) == found or info.context.is_instance_admin
    keys = ApiKey.objects.filter(user_id=found.pk or 0).order_by("pk") if is_shown else []
    return {"edges": [{"node": key_node(key)} for key in keys]}


def key_node(key: ApiKey) -> dict[str, str]:
    return {"id": global_id("ApiKey", key.pk), "name": key.start, "description": key.name}
