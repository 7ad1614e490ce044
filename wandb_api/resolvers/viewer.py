"""Who the key belongs to."""

from __future__ import annotations

from typing import Any

from registries.access import organizations_of
from teams.access import teams_of
from teams.models import Organization, User
from wandb_api import binding
from wandb_api.caller import Info, visitor
from wandb_api.entities import default_team, entity_of
from wandb_api.ids import global_id

user = binding.of("User")
user.attributes(username="username", email="email", admin="is_superuser")
user.always(flags="{}", deletedAt=None)
binding.name_as(User, "User")


@binding.query.field("viewer")
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
def entity(found: User, *_: object) -> str | None:
    team = default_team(found)
    return team.name if team else None


@user.field("teams")
def teams(found: User, *_: object) -> dict[str, Any]:
    entities = [entity_of(team) for team in teams_of(found).select_related("organization")]
    return {"edges": [{"node": one} for one in entities]}


@user.field("organizations")
def organizations(found: User, *_: object) -> list[Organization]:
    return list(organizations_of(found))


@user.field("apiKeys")
def api_keys(found: User, info: Info) -> dict[str, Any]:
    """Give the names of one's own keys. A key itself is shown once, when it is made."""
    keys = found.api_keys.order_by("pk") if visitor(info) == found else []
    return {
        "edges": [
            {"node": {"id": global_id("ApiKey", key.pk), "name": f"{key.start}…", "description": key.name}}
            for key in keys
        ]
    }
