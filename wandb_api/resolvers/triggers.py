"""Automations, which the SDK calls triggers on the wire."""

from __future__ import annotations

from typing import Any

from automations import services
from automations.access import automation_numbered
from automations.models import Automation
from teams.models import Organization, Role, User
from wandb_api import binding, pages
from wandb_api.caller import Info, person
from wandb_api.entities import Entity
from wandb_api.ids import key_of
from wandb_api.places import Place
from wandb_api.triggers import changes
from wandb_api.triggers.lists import AUTOMATIONS, in_entity, in_place, triggers

Sent = dict[str, Any]


@binding.of("Project").field("triggers")
def of_project(found: Place, info: Info) -> list[Sent]:
    return triggers(in_place(person(info), found))


@binding.of("Entity").field("triggers")
def of_entity(
    found: Entity,
    info: Info,
    after: str | None = None,
    first: int | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Sent:
    rows = AUTOMATIONS.matching(in_entity(person(info), found), filters)
    return _page(pages.page(AUTOMATIONS.ordered(rows, order), first=first, after=after))


@binding.of("Organization").field("triggers")
def of_organization(found: Organization, info: Info, **asked: Any) -> Any:
    return of_entity(Entity(found), info, **asked)


@binding.mutation.field("createFilterTrigger")
def create(_: None, info: Info, input: Sent) -> Sent:
    return _answer(person(info), changes.create(person(info), input))


@binding.mutation.field("updateFilterTrigger")
def update(_: None, info: Info, input: Sent) -> Sent:
    return _answer(person(info), changes.change(person(info), _changeable(info, input["id"]), input))


@binding.mutation.field("deleteTrigger")
def delete(_: None, info: Info, input: Sent) -> Sent:
    services.delete_automation(_changeable(info, input["triggerID"]))
    return {"success": True}


def _changeable(info: Info, id: str) -> Automation:
    return automation_numbered(person(info), key_of("Trigger", id), Role.MEMBER)


def _answer(user: User, automation: Automation) -> Sent:
    return {"trigger": triggers([automation])[0]}


def _page(found: Sent) -> Sent:
    """Say what a page holds all at once: one query for what its automations use."""
    said = triggers(edge["node"] for edge in found["edges"])
    return {**found, "edges": [{**edge, "node": node} for edge, node in zip(found["edges"], said, strict=True)]}
