"""GraphQL resolvers of people: found by name, and the default team they choose."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from common.data.validation_errors import quoted, refuse
from registries.access import organizations_of
from teams.access import people_of_all, teams_of
from teams.accounts.default_team import choose_default_team
from teams.models import Membership, User
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info, person
from wandb_api.graphql.global_ids import global_id

_MOST = 50
_LONGEST = 300


@resolver_tables.query.field("users")
def users(_: None, info: Info, query: str | None = None) -> connections.RelayPage:
    """The people whose name or address is asked for; without one of these, those whose name or address has it in it.

    Instance admins find everybody, others the people of their organizations. An address finds whom one may read it of.
    """
    asked = (query or "").strip()
    if len(asked) > _LONGEST:
        refuse("query", f"It has {len(asked)} characters; {_LONGEST} is the most of a name or an address.")
    found, known = _people_found_by(info)
    exact = found.filter(Q(username=asked) | Q(email=asked, pk__in=known))
    if not exact.exists():
        exact = found.filter(Q(username__icontains=asked) | Q(email__icontains=asked, pk__in=known))
    return connections.page(exact.order_by("username"), first=_MOST)


def _people_found_by(info: Info) -> tuple[QuerySet[User], QuerySet[User]]:
    """Give whom the caller finds, and those of whom they may read the address."""
    user, active = person(info), User.objects.filter(is_active=True)
    if info.context.is_instance_admin:
        return active, active
    mates = Membership.objects.filter(team__in=teams_of(user)).values("user")
    known = active.filter(Q(pk=user.pk) | Q(pk__in=mates))
    return active.filter(Q(pk__in=people_of_all(organizations_of(user))) | Q(pk__in=known)), known


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
