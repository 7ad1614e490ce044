"""REST views of people, teams, notices and API keys."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.lookup import row_or_404
from teams import access, memberships
from teams.accounts import api_key
from teams.accounts.api_key import KeyLimits
from teams.accounts.default_team import choose_default_team
from teams.accounts.signed_in import person
from teams.models import ApiKey, Membership, Notice, Role, Team, User
from teams.notices import team_notices
from teams.serializers import (
    ApiKeySerializer,
    MembershipSerializer,
    MeSerializer,
    MyChangesSerializer,
    NewApiKeySerializer,
    NewMemberSerializer,
    NoticeSerializer,
    RoleSerializer,
    TeamKeySerializer,
    TeamSerializer,
)


class Me(APIView):
    """Who this key belongs to, and their teams."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(person(request)).data)

    @extend_schema(request=MyChangesSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Choose your default team: where your scripts log that name no entity."""
        sent = MyChangesSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        choose_default_team(person(request), sent.validated_data["default_team"])
        return Response(MeSerializer(User.objects.get(pk=person(request).pk)).data)


class Teams(generics.ListAPIView[Team]):
    """Your teams."""

    serializer_class = TeamSerializer
    queryset = Team.objects.none()

    def get_queryset(self) -> QuerySet[Team]:
        return access.teams_of(person(self.request)).select_related("organization")


class TeamMembers(generics.ListAPIView[Membership]):
    """The people of a team. Its admins add people of the organization and change roles; others are invited."""

    serializer_class = MembershipSerializer
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        team = access.team_named(person(self.request), self.kwargs["team"])
        return Membership.objects.filter(team=team).select_related("user")

    @extend_schema(request=NewMemberSerializer, responses={201: MembershipSerializer})
    def post(self, request: Request, team: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = NewMemberSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        membership = memberships.add_colleague(its_team, sent.validated_data["username"], sent.validated_data["role"])
        return Response(MembershipSerializer(membership).data, status=status.HTTP_201_CREATED)


class OneTeamMember(APIView):
    """One person of a team."""

    @extend_schema(request=RoleSerializer, responses=MembershipSerializer)
    def patch(self, request: Request, team: str, username: str) -> Response:
        """Change their role, as an admin. The last admin stays one."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        rows = Membership.objects.filter(team=its_team).select_related("user")
        member = row_or_404(rows, f"member {username!r} in the team {team}", user__username=username)
        sent = RoleSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = memberships.give_role(its_team, member.user, sent.validated_data["role"])
        return Response(MembershipSerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, username: str) -> Response:
        """Remove them, as an admin; or leave, by your own user name. The last admin stays."""
        user = person(request)
        its_team = access.team_named(user, team, Role.VIEWER if username == user.username else Role.ADMIN)
        rows = Membership.objects.filter(team=its_team)
        memberships.leave(row_or_404(rows, f"member {username!r} in the team {team}", user__username=username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Notices(generics.ListAPIView[Notice]):
    """What the admins of a team should see to: the open notices."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        return team_notices.open_notices([access.team_named(person(self.request), self.kwargs["team"])])


class OneNotice(APIView):
    """One notice of a team."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, pk: int) -> Response:
        """Dismiss it: it is read. What it tells of is not mended by that."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        team_notices.dismiss_notice(
            row_or_404(team_notices.open_notices([its_team]), f"open notice {pk} in the team {team}", pk=pk)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApiKeys(generics.ListCreateAPIView[ApiKey]):
    """Your API keys. A new one is shown once, in the answer that makes it."""

    serializer_class = ApiKeySerializer
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(user=person(self.request))

    @extend_schema(request=ApiKeySerializer, responses={201: NewApiKeySerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        sent = ApiKeySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        limits = dict(sent.validated_data)
        name, team = limits.pop("name"), limits.pop("team", None)
        its_team = access.team_named(person(request), team) if team else None
        key, plain = api_key.create_key(person(request), name, KeyLimits(team=its_team, **limits))
        shown = {**ApiKeySerializer(key).data, "key": plain}
        return Response(shown, status=status.HTTP_201_CREATED)


class TeamKeys(generics.ListAPIView[ApiKey]):
    """The API keys of its people that reach a team, for its admins."""

    serializer_class = TeamKeySerializer
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        return api_key.reaching(access.team_named(person(self.request), self.kwargs["team"], Role.ADMIN))


class OneTeamKey(APIView):
    """One API key that reaches a team."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, pk: int) -> Response:
        """Close the team to it. What the key reaches elsewhere is left to its person."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        rows = api_key.reaching(its_team)
        api_key.close_key(row_or_404(rows, f"API key {pk} that reaches the team {team}", pk=pk), its_team)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OneApiKey(APIView):
    """One of your API keys. Deleting it refuses whoever uses it from now on."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        api_key.delete_key(access.own_key(person(request), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
