"""People, teams and keys over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.finding import found
from common.refusals import refuse
from teams import access, keys, notices, services
from teams.models import ApiKey, Membership, Notice, Role, Team
from teams.people import person
from teams.serializers import (
    ApiKeySerializer,
    MembershipSerializer,
    MeSerializer,
    NewApiKeySerializer,
    NewMemberSerializer,
    NoticeSerializer,
    TeamSerializer,
)


class Me(APIView):
    """Who this key belongs to, and their teams."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(person(request)).data)


class Teams(generics.ListAPIView[Team]):
    """Your teams."""

    serializer_class = TeamSerializer
    queryset = Team.objects.none()

    def get_queryset(self) -> QuerySet[Team]:
        return access.teams_of(person(self.request)).select_related("organization")


class Members(generics.ListAPIView[Membership]):
    """The people of a team. Its admins add people and change their roles."""

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
        membership = services.set_role(its_team, sent.validated_data["username"], sent.validated_data["role"])
        return Response(MembershipSerializer(membership).data, status=status.HTTP_201_CREATED)


class Member(APIView):
    """One person of a team."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, username: str) -> Response:
        its_team = access.team_named(person(request), team, Role.ADMIN)
        rows = Membership.objects.filter(team=its_team)
        services.leave(found(rows, f"member {username!r} in the team {team}", user__username=username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Notices(generics.ListAPIView[Notice]):
    """What the admins of a team should see to: the open notices."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        return notices.open_notices([access.team_named(person(self.request), self.kwargs["team"])])


class OneNotice(APIView):
    """One notice of a team."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, pk: int) -> Response:
        """Dismiss it: it is read. What it tells of is not mended by that."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        notices.dismiss(found(notices.open_notices([its_team]), f"open notice {pk} in the team {team}", pk=pk))
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
        expires_at = sent.validated_data.get("expires_at")
        if expires_at is not None and expires_at <= timezone.now():
            refuse("expires_at", f"{expires_at:%Y-%m-%d %H:%M} is over. Give a time to come, or leave it out.")
        key, plain = keys.create_key(person(request), sent.validated_data["name"], expires_at=expires_at)
        shown = {**ApiKeySerializer(key).data, "key": plain}
        return Response(shown, status=status.HTTP_201_CREATED)


class OneApiKey(APIView):
    """One of your API keys. Deleting it refuses whoever uses it from now on."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        keys.delete_key(access.own_key(person(request), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
