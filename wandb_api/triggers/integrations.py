"""The team's Slack channels and webhooks, which the SDK calls integrations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from common.refusals import quoted
from integrations.models import SlackChannel, Webhook
from teams.access import in_teams_of, teams_of
from teams.models import Team, User
from wandb_api import binding
from wandb_api.entities import Entity
from wandb_api.ids import global_id, kind_and_key

Integration = Webhook | SlackChannel

# By what a target begins with.
_MODELS: dict[str, type[Integration]] = {"slack": SlackChannel, "webhook": Webhook}

binding.name_as(SlackChannel, "SlackIntegration")
binding.name_as(Webhook, "GenericWebhookIntegration")


def id_of(integration: Integration) -> str:
    return global_id(type(integration).__name__, integration.pk)


def integrations_at(targets: Iterable[str]) -> dict[str, Integration]:
    """Give what is there of the integrations that targets name, with one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for target in targets:
        key, _, number = target.partition(":")
        if key in _MODELS:
            wanted[key].add(int(number))
    return {
        f"{key}:{row.pk}": row
        for key, numbers in wanted.items()
        for row in _MODELS[key]._default_manager.filter(pk__in=numbers)
    }


def integrations_of(user: User, entity: Entity) -> list[Integration]:
    """Those of a team; of an organization those of the person's own teams in it: one of them acts there."""
    teams = teams_of(user).filter(organization=entity.organization)
    mine = teams.filter(pk=entity.team.pk) if entity.team else teams
    return [*_in(SlackChannel, mine), *_in(Webhook, mine)]


def integration_by_id(user: User, model: type[Integration], id: str) -> Integration:
    """Give it to anybody on its team; 404 to others, and for one of another kind."""
    kind, key = kind_and_key(id)
    rows: QuerySet[Any] = in_teams_of(user, model._default_manager.select_related("team__organization"))
    found: Integration | None = rows.filter(pk=key).first() if kind == model.__name__ else None
    if found is None:
        noun = model._meta.verbose_name
        raise Http404(f"There is no {noun} with the id {quoted(id)} here, or you are not on its team.")
    return found


def _in(model: type[Integration], teams: QuerySet[Team]) -> QuerySet[Any]:
    return model._default_manager.filter(team__in=teams).order_by("pk")
