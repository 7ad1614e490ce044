"""REST views of a team's service accounts and their keys, for its admins."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.lookup import row_or_404
from common.http.serializers import OnlyKnownFields
from teams import access
from teams.accounts.signed_in import person
from teams.models import ApiKey, Membership, Role
from teams.people import service_accounts


class ServiceAccountSerializer(OnlyKnownFields, serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username", read_only=True)
    description = serializers.CharField(source="user.first_name", max_length=150, help_text="What uses it.")

    class Meta:
        model = Membership
        fields = ["username", "description", "role"]
        read_only_fields = ["username", "role"]


class NewServiceAccountSerializer(ServiceAccountSerializer):
    """The answer to a new account: the one time its first key is shown."""

    key = serializers.CharField(read_only=True)

    class Meta(ServiceAccountSerializer.Meta):
        fields = [*ServiceAccountSerializer.Meta.fields, "key"]


class AccountKeySerializer(OnlyKnownFields, serializers.ModelSerializer[ApiKey]):
    """A key of a service account. It reaches the team alone."""

    class Meta:
        model = ApiKey
        fields = ["id", "name", "start", "created_at", "expires_at", "last_used_at"]
        read_only_fields = ["id", "start", "created_at", "expires_at", "last_used_at"]


class NewAccountKeySerializer(AccountKeySerializer):
    """The answer to a new key: the one time the key itself is shown."""

    key = serializers.CharField(read_only=True)

    class Meta(AccountKeySerializer.Meta):
        fields = [*AccountKeySerializer.Meta.fields, "key"]


class ServiceAccounts(generics.ListAPIView[Membership]):
    """The service accounts of a team. For its admins."""

    serializer_class = ServiceAccountSerializer
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        return service_accounts.accounts_of(access.team_named(person(self.request), self.kwargs["team"], Role.ADMIN))

    @extend_schema(request=ServiceAccountSerializer, responses={201: NewServiceAccountSerializer})
    def post(self, request: Request, team: str) -> Response:
        """Make an account that cannot sign in, a member of this team, with a first key that is shown once."""
        its_team = access.team_named(person(request), team, Role.ADMIN)
        sent = ServiceAccountSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        account, plain = service_accounts.create(
            its_team, sent.validated_data["user"]["first_name"], by=person(request)
        )
        shown = {**ServiceAccountSerializer(account).data, "key": plain}
        return Response(shown, status=status.HTTP_201_CREATED)


class OneServiceAccount(APIView):
    """One service account of a team."""

    @extend_schema(request=ServiceAccountSerializer, responses=ServiceAccountSerializer)
    def patch(self, request: Request, team: str, username: str) -> Response:
        """Say anew what uses it. Its user name stays."""
        found = _account(request, team, username)
        sent = ServiceAccountSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        service_accounts.rename(found, sent.validated_data["user"]["first_name"])
        return Response(ServiceAccountSerializer(found).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, username: str) -> Response:
        """Take it off the team, with its keys; where it is on no other team it is switched off."""
        service_accounts.remove(_account(request, team, username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ServiceAccountKeys(generics.ListAPIView[ApiKey]):
    """The keys of a service account that lead to this team alone, newest first."""

    serializer_class = AccountKeySerializer
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        return service_accounts.keys_of(_account(self.request, self.kwargs["team"], self.kwargs["username"]))

    @extend_schema(request=AccountKeySerializer, responses={201: NewAccountKeySerializer})
    def post(self, request: Request, team: str, username: str) -> Response:
        """Make a key. It ends no later, and works from nowhere else, than the one that asks for it."""
        found = _account(request, team, username)
        sent = AccountKeySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        key, plain = service_accounts.create_key(found, sent.validated_data["name"], by=person(request))
        return Response({**AccountKeySerializer(key).data, "key": plain}, status=status.HTTP_201_CREATED)


class OneServiceAccountKey(APIView):
    """One key of a service account."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, username: str, pk: int) -> Response:
        found = _account(request, team, username)
        key = row_or_404(service_accounts.keys_of(found), f"key {pk} of {username!r} for the team {team}", pk=pk)
        service_accounts.delete_key(found, key)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _account(request: Request, team: str, username: str) -> Membership:
    its_team = access.team_named(person(request), team, Role.ADMIN)
    rows = service_accounts.accounts_of(its_team).select_related("user", "team__organization")
    return row_or_404(rows, f"service account {username!r} in the team {team}", user__username=username)
