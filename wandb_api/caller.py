"""Who is calling, and what resolvers ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from graphql import GraphQLResolveInfo
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from artifacts.models import Collection
from registries.access import registries_of
from teams import keys
from teams.access import Visitor, teams_of
from teams.authentication import key_in_header
from teams.models import User


@dataclass
class Caller:
    """What a resolver finds as `info.context`."""

    user: Visitor
    # What asks, as it calls itself.
    agent: str = ""

    @cached_property
    def _places(self) -> tuple[frozenset[int], frozenset[int]]:
        """The teams and registries the person may see, asked once for a whole answer."""
        mine = teams_of(self.user).values_list("pk", flat=True)
        return frozenset(mine), frozenset(registries_of(self.user).values_list("pk", flat=True))

    def sees(self, collection: Collection) -> bool:
        teams, registries = self._places
        return (
            collection.registry_id in registries if collection.project is None else collection.project.team_id in teams
        )


Info: TypeAlias = GraphQLResolveInfo[Caller]


def caller(request: HttpRequest) -> Caller:
    """Give who sent the key; nobody where none was sent. Raises AuthenticationFailed for a key that is not right."""
    plain = key_in_header(request.META.get("HTTP_AUTHORIZATION", ""))
    return Caller(AnonymousUser() if not plain else _user_of(plain), request.headers.get("User-Agent", ""))


def _user_of(plain: str) -> User:
    try:
        key = keys.key_of(plain)
    except keys.Expired as error:
        raise AuthenticationFailed(str(error)) from None
    if key is None:
        raise AuthenticationFailed("This API key is not known here. Make one in Runbell under API keys.")
    return key.user


def visitor(info: Info) -> Visitor:
    return info.context.user


def person(info: Info) -> User:
    """Give the person; 401 for nobody."""
    found = visitor(info)
    if not isinstance(found, User):
        raise NotAuthenticated
    return found
