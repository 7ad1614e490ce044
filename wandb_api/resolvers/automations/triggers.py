"""GraphQL resolvers and mutations of automations, which the SDK calls triggers on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from automations.access import automation_numbered
from automations.definitions import services
from automations.models import Automation
from teams.models import Organization, Role, User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import key_of
from wandb_api.lookup.entities import Entity
from wandb_api.lookup.projects import SdkProject
from wandb_api.triggers import editing
from wandb_api.triggers.listing import AUTOMATIONS, in_entity, in_project, triggers
from wandb_api.triggers.sdk_versions import readable

Sent = dict[str, Any]


@resolver_tables.table_of("Project").field("triggers")
def of_project(found: SdkProject, info: Info) -> list[Sent]:
    return triggers(readable(in_project(person(info), found), info.context.agent))


@resolver_tables.table_of("Entity").field("triggers")
def of_entity(
    found: Entity,
    info: Info,
    after: str | None = None,
    first: int | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> connections.RelayPage:
    rows = AUTOMATIONS.matching(readable(in_entity(person(info), found), info.context.agent), filters)
    # One query for what the automations of a page use.
    return replace(connections.page(AUTOMATIONS.ordered(rows, order), first=first, after=after), nodes=triggers)


@resolver_tables.table_of("Organization").field("triggers")
def of_organization(found: Organization, info: Info, **asked: Any) -> Any:
    return of_entity(Entity(found), info, **asked)


@resolver_tables.mutation.field("createFilterTrigger")
def create(_: None, info: Info, input: Sent) -> Sent:
    return _answer(person(info), editing.create(person(info), input))


@resolver_tables.mutation.field("updateFilterTrigger")
def update(_: None, info: Info, input: Sent) -> Sent:
    return _answer(person(info), editing.change(person(info), _changeable(info, input["id"]), input))


@resolver_tables.mutation.field("deleteTrigger")
def delete(_: None, info: Info, input: Sent) -> Sent:
    services.delete_automation(_changeable(info, input["triggerID"]))
    return {"success": True}


def _changeable(info: Info, id: str) -> Automation:
    return automation_numbered(person(info), key_of("Trigger", id), Role.MEMBER)


def _answer(user: User, automation: Automation) -> Sent:
    return {"trigger": triggers([automation])[0]}
