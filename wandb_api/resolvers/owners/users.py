"""GraphQL resolvers of people: found by name, and the default team they choose."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from common.data.validation_errors import quoted, refuse
from teams.access import teams_of
from teams.accounts.default_team import choose_default_team
from teams.models import User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id

_MOST = 50
_LONGEST = 300


@resolver_tables.query.field("users")
def users(_: None, info: Info, query: str | None = None) -> connections.RelayPage:
    """Those on one of the person's own teams whose name or address is, or begins or ends with, what is asked."""
    mates = User.objects.filter(memberships__team__in=teams_of(person(info)), is_active=True).distinct()
    asked = (query or "").strip()
    if len(asked) > _LONGEST:
        refuse("query", f"It has {len(asked)} characters; {_LONGEST} is the most of a name or an address.")
    exact = mates.filter(username=asked) | mates.filter(email=asked)
    found = exact.distinct() if exact.exists() else mates.filter(username__icontains=asked)
    return connections.page(found.order_by("username"), first=_MOST)


@resolver_tables.mutation.field("updateUser")
def update_user(_: None, info: Info, input: dict[str, Any]) -> dict[str, User]:
    """Let the caller choose their default entity: one of their teams. Nobody changes another person here."""
    user, id = person(info), input.get("id")
    if id and id != global_id("User", user.pk):
        raise Http404(f"{quoted(id)} is not your id. Leave it out to change your own account.")
    entity = input.get("defaultEntity")
    if entity is None:
        refuse("defaultEntity", "Name one of your teams: nothing else of an account is changed here.")
    choose_default_team(user, entity)
    return {"user": User.objects.get(pk=user.pk)}
