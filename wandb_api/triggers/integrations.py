"""Integrations by the SDK's ids: those of the kinds that it has words for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from common.data.validation_errors import quoted
from integrations.kind import Kind, registry
from integrations.models import Integration
from teams.access import in_teams_of, teams_of
from teams.models import User
from wandb_api.graphql.global_ids import global_id, kind_and_key
from wandb_api.lookup.entities import Entity


def sdk_kinds() -> list[type[Kind]]:
    """Give the kinds that the SDK can list, by what their ids begin with."""
    return sorted((kind for kind in registry if kind.sdk_typename), key=lambda kind: kind.sdk_id_name)


def id_of(integration: Integration) -> str:
    return global_id(registry.get(integration.kind).sdk_id_name, integration.pk)


def integrations_at(receiver_keys: Iterable[str]) -> dict[str, Integration]:
    """Give what is there of the integrations that receivers are named by, with one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for receiver_key in receiver_keys:
        key, _, number = receiver_key.partition(":")
        wanted[key].add(int(number or 0))
    return {
        kind.key_of(row): row for kind in sdk_kinds() for row in kind.rows().filter(pk__in=wanted.get(kind.key, ()))
    }


def integrations_of(user: User, entity: Entity) -> list[Integration]:
    """Those of a team, then those of other teams that the person may use there, as W&B's form offers them.

    Of an organization those of the person's own teams in it: one of them acts there.
    """
    teams = teams_of(user).filter(organization=entity.organization)
    mine = teams.filter(pk=entity.team.pk) if entity.team else teams
    own = [row for kind in sdk_kinds() for row in kind.rows().filter(team__in=mine).order_by("pk")]
    if entity.team is None:
        return own
    return [*own, *(row for kind in sdk_kinds() for row in kind.rows_elsewhere(user, entity.team))]


def integration_by_id(user: User, kind: type[Kind], id: str) -> Integration:
    """Give it to anybody on its team; 404 to others, and for one of another kind."""
    id_name, key = kind_and_key(id)
    rows: QuerySet[Any] = in_teams_of(user, kind.rows().select_related("team__organization"))
    found: Integration | None = rows.filter(pk=key).first() if id_name == kind.sdk_id_name else None
    if found is None:
        raise Http404(f"There is no {kind.noun} with the id {quoted(id)} here, or you are not on its team.")
    return found
