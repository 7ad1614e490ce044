"""Authentication of the SDK, and the resolver context: who is calling, and what resolvers ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from graphql import GraphQLResolveInfo
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from artifacts.models import Collection
from projects.models import Project, Run
from registries.access import organizations_of, registries_of
from teams.access import Visitor, is_instance_admin, people_of_all, teams_of
from teams.accounts import api_key
from teams.accounts.key_header import key_in_header
from teams.models import Membership, User


@dataclass
class Caller:
    """What a resolver finds as `info.context`."""

    user: Visitor
    # What asks, as it calls itself.
    agent: str = ""
    # The SDK's client id, where it is one of several processes that share a run.
    writer: str = ""

    # What the person may see, each asked once for a whole answer.

    @cached_property
    def teams(self) -> frozenset[int]:
        return frozenset(teams_of(self.user).values_list("pk", flat=True))

    @cached_property
    def registries(self) -> frozenset[int]:
        return frozenset(registries_of(self.user).values_list("pk", flat=True))

    @cached_property
    def organizations(self) -> frozenset[int]:
        return frozenset(organizations_of(self.user).values_list("pk", flat=True))

    @cached_property
    def mates(self) -> frozenset[int]:
        """The people on the person's own teams."""
        rows = Membership.objects.filter(team__in=self.teams)
        return frozenset(rows.values_list("user", flat=True)) | {self.user.pk or 0}

    @cached_property
    def colleagues(self) -> frozenset[int]:
        """The people of the person's organizations, of whom these say the names."""
        return frozenset(people_of_all(organizations_of(self.user)).values_list("pk", flat=True))

    @cached_property
    def is_instance_admin(self) -> bool:
        return is_instance_admin(self.user)

    def knows(self, person: int) -> bool:
        """Whether more than the names of this person is theirs to read, such as the e-mail address."""
        return person in self.mates or self.is_instance_admin

    def forget(self) -> None:
        """Ask anew what the person may see: a mutation has changed it."""
        for name in ("teams", "registries", "organizations", "mates", "colleagues"):
            self.__dict__.pop(name, None)

    def sees(self, collection: Collection) -> bool:
        if collection.deletion_id is not None:
            return False
        if collection.project is None:
            return collection.registry_id in self.registries
        return self.sees_project(collection.project)

    def sees_run(self, run: Run) -> bool:
        return run.deletion_id is None and self.sees_project(run.project)

    def sees_project(self, project: Project) -> bool:
        return project.team_id in self.teams and project.deletion_id is None


_LONGEST_CLIENT_ID = 64
Info: TypeAlias = GraphQLResolveInfo[Caller]


def caller(request: HttpRequest) -> Caller:
    """Give who sent the key; nobody where none was sent. Raises AuthenticationFailed for a key that is not right."""
    plain = key_in_header(request.META.get("HTTP_AUTHORIZATION", ""))
    user = AnonymousUser() if not plain else _user_of(plain)
    return Caller(user, request.headers.get("User-Agent", ""), shared_writer(request.headers))


def shared_writer(headers: Mapping[str, str]) -> str:
    """Give the client id of a process with `mode="shared"`; empty for all others.

    Its two doors name it differently. SDKs that name none are told apart by nothing.
    """
    if not headers.get("X-Wandb-Use-Async-Filestream"):
        return ""
    found = headers.get("X-Wandb-Async-Client-Id") or headers.get("X-Wandb-Client-Id") or ""
    return found[:_LONGEST_CLIENT_ID]


def _user_of(plain: str) -> User:
    try:
        key = api_key.key_of(plain)
    except api_key.UnusableKey as error:
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
