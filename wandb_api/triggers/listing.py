"""Lists of automations in the SDK's wire format, as triggers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from artifacts.models import Registry
from automations.access import automations_of
from automations.models import Automation
from teams.models import User
from wandb_api.graphql.global_ids import global_id
from wandb_api.lookup.entities import Entity
from wandb_api.lookup.projects import SdkProject
from wandb_api.search.list_search import CREATED_AT, NAME, ListSearch
from wandb_api.triggers import actions, event_filters
from wandb_api.triggers.integrations import integrations_at
from wandb_api.triggers.scopes import scope_of

AUTOMATIONS: ListSearch[Automation] = ListSearch(
    fields={"name": NAME, "createdAt": CREATED_AT, "created_at": CREATED_AT},
    facts=lambda row: {"name": row.name, "created_at": row.created_at},
    columns={"name": "name", "createdAt": "created_at", "created_at": "created_at"},
    usual="+created_at",
    exact={"name": "name"},
)


def in_entity(user: User, entity: Entity) -> QuerySet[Automation]:
    """Those that a team acts for, wherever they listen; of an organization those in it and in its registries."""
    rows = automations_of(user)
    if entity.team is not None:
        return rows.filter(team=entity.team)
    its = Q(organization=entity.organization) | Q(registry__organization=entity.organization)
    return rows.filter(its | Q(collection__registry__organization=entity.organization))


def in_project(user: User, place: SdkProject) -> QuerySet[Automation]:
    """Those of a project or a registry, and of the collections in it."""
    rows = automations_of(user).order_by("pk")
    if isinstance(place, Registry):
        return rows.filter(Q(registry=place) | Q(collection__registry=place))
    return rows.filter(Q(project=place) | Q(collection__project=place))


def triggers(rows: Iterable[Automation]) -> list[dict[str, Any]]:
    """Say automations in the SDK's words."""
    listed = list(rows)
    found = integrations_at(row.receiver_key for row in listed)
    return [_trigger(row, actions.sdk_action(row, found.get(row.receiver_key))) for row in listed]


def _trigger(automation: Automation, action: dict[str, Any]) -> dict[str, Any]:
    return {
        "__typename": "Trigger",
        "team_id": automation.team_id,
        "id": global_id("Trigger", automation.pk),
        "createdAt": automation.created_at,
        "updatedAt": automation.updated_at,
        "name": automation.name,
        "description": automation.description or None,
        "enabled": automation.enabled,
        "scope": scope_of(automation),
        "triggeringCondition": {
            "__typename": "FilterEventTriggeringCondition",
            "eventType": event_filters.sdk_event_type(automation.event_type),
            "filter": event_filters.sdk_event_filter(automation.event_type, automation.conditions),
        },
        "triggeredAction": action,
    }
