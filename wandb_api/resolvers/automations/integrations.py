"""GraphQL resolvers of integrations. W&B's operations make webhooks alone: Team settings and REST make the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.models import Integration
from integrations.webhook.services import create_webhook
from teams.access import team_named
from teams.models import Role
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.object_guards import containers
from wandb_api.lookup.entities import Entity
from wandb_api.triggers.integrations import id_of, integrations_of, sdk_kinds


@resolver_tables.table_of("Entity").field("integrations")
def of_entity(found: Entity, info: Info, after: str | None = None, first: int | None = None) -> connections.RelayPage:
    return connections.page(integrations_of(person(info), found), first=first, after=after)


def _id(found: Integration, *_: object) -> str:
    return id_of(found)


def _field(value: Callable[[Any], str]) -> Callable[..., str]:
    return lambda found, *_: value(found)


for kind in sdk_kinds():
    resolver_tables.register_typename(kind.rows().model, kind.sdk_typename)
    table = resolver_tables.table_of(kind.sdk_typename)
    table.field("id")(_id)
    for name, value in kind.sdk_fields.items():
        table.field(name)(_field(value))


# Of these only the integration is an object of its own, and it is asked about.
containers(
    "CreateGenericWebhookIntegrationPayload", "GenericWebhookTriggeredAction", "NotificationTriggeredAction",
    "NoOpTriggeredAction",
)  # fmt: skip


@resolver_tables.mutation.field("createGenericWebhookIntegration")
def create(_: None, info: Info, input: dict[str, Any]) -> dict[str, Any]:
    """Make a webhook of the team; its token and signing key are secrets of the team, by name."""
    user = person(info)
    values = {
        "name": input["name"],
        "url": input["urlEndpoint"],
        "access_token": input.get("accessTokenRef") or "",
        "secret": input.get("secretRef") or "",
    }
    return {"integration": create_webhook(team_named(user, input["entityName"], Role.ADMIN), values, by=user)}
