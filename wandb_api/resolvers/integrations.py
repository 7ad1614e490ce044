"""Slack channels and webhooks. There is no operation that makes a Slack channel: Team settings and REST do."""

from __future__ import annotations

from typing import Any

from integrations.models import SlackChannel
from integrations.services import create_webhook
from teams.access import team_named
from teams.models import Role
from wandb_api import binding, pages
from wandb_api.caller import Info, person
from wandb_api.entities import Entity
from wandb_api.triggers.integrations import Integration, id_of, integrations_of

webhook, slack = binding.of("GenericWebhookIntegration"), binding.of("SlackIntegration")


@binding.of("Entity").field("integrations")
def of_entity(found: Entity, info: Info, after: str | None = None, first: int | None = None) -> dict[str, Any]:
    return pages.page(integrations_of(person(info), found), first=first, after=after)


webhook.attributes(name="name", urlEndpoint="url")


@webhook.field("id")
@slack.field("id")
def id_shown(found: Integration, *_: object) -> str:
    return id_of(found)


@slack.field("teamName")
def workspace(found: SlackChannel, *_: object) -> str:
    """The workspace in Slack; blank where an incoming webhook leads to the channel, which says none."""
    return found.workspace.name if found.workspace else ""


@slack.field("channelName")
def channel(found: SlackChannel, *_: object) -> str:
    return f"#{found.name}"


@binding.mutation.field("createGenericWebhookIntegration")
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
