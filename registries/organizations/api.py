"""REST views of organizations and teams: made, renamed, archived and brought back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.lookup import row_or_404
from common.http.serializers import OnlyKnownFields
from registries.access import administered_organization, organization_named, organizations_of
from registries.organizations import services
from teams import access
from teams.accounts.signed_in import person
from teams.api import Teams
from teams.joining.new_team import create_team
from teams.models import Organization, Team
from teams.serializers import TeamSerializer


class OrganizationSerializer(OnlyKnownFields, serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = ["name", "created_at", "archived_at"]
        read_only_fields = ["created_at", "archived_at"]
        validators: list[object] = []
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"validators": []}}


class RenamedOrArchivedSerializer(OnlyKnownFields, serializers.Serializer[Organization]):
    """What is left out stays as it is."""

    name = serializers.CharField(required=False, help_text="The name of before leads to it until somebody takes it.")
    archived = serializers.BooleanField(
        required=False, help_text="Archived: it can be read, nothing changes and nothing fires."
    )


class NewTeamSerializer(OnlyKnownFields, serializers.Serializer[Team]):
    organization = serializers.CharField(help_text="One that you administer.")
    name = serializers.CharField(help_text="As it stands in addresses.")
    admin = serializers.CharField(
        required=False, default="", help_text="Its first admin, of the organization; left out: you."
    )


class Organizations(generics.ListAPIView[Organization]):
    """The organizations that you administer or have a team in."""

    serializer_class = OrganizationSerializer
    queryset = Organization.objects.none()

    def get_queryset(self) -> QuerySet[Organization]:
        return organizations_of(person(self.request))

    @extend_schema(request=OrganizationSerializer, responses={201: OrganizationSerializer})
    def post(self, request: Request) -> Response:
        """Make an organization, which you administer. This takes a superuser of this Runbell."""
        access.require_instance_admin(person(request))
        sent = OrganizationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        made = services.create_organization(sent.validated_data["name"], by=person(request))
        return Response(OrganizationSerializer(made).data, status=status.HTTP_201_CREATED)


class OneOrganization(APIView):
    """One organization."""

    @extend_schema(responses=OrganizationSerializer)
    def get(self, request: Request, organization: str) -> Response:
        return Response(OrganizationSerializer(organization_named(person(request), organization)).data)

    @extend_schema(request=RenamedOrArchivedSerializer, responses=OrganizationSerializer)
    def patch(self, request: Request, organization: str) -> Response:
        """Rename it, archive it, or bring it back. For its admins."""
        found = administered_organization(person(request), organization)
        sent = RenamedOrArchivedSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = services.change_organization(found, dict(sent.validated_data), by=person(request))
        return Response(OrganizationSerializer(changed).data)


class OneOrganizationAdmin(APIView):
    """One person as an admin of an organization. For its admins."""

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, organization: str, username: str) -> Response:
        """Let one of its people administer it."""
        services.add_admin(administered_organization(person(request), organization), username)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization: str, username: str) -> Response:
        """Let them administer it no more. The last admin stays."""
        found = administered_organization(person(request), organization)
        people = services.people_with_roles(found)
        user = row_or_404(people, f"person {username!r} in the organization {found}", username=username)
        services.remove_admin(found, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamsAndNewOnes(Teams):
    """Your teams."""

    @extend_schema(request=NewTeamSerializer, responses={201: TeamSerializer})
    def post(self, request: Request) -> Response:
        """Make a team in an organization that you administer."""
        sent = NewTeamSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values, user = sent.validated_data, person(request)
        organization = administered_organization(user, values["organization"])
        made = create_team(organization, values["name"], by=user, admin=values["admin"])
        return Response(TeamSerializer(made).data, status=status.HTTP_201_CREATED)


class OneTeam(APIView):
    """One team."""

    @extend_schema(responses=TeamSerializer)
    def get(self, request: Request, team: str) -> Response:
        return Response(TeamSerializer(access.team_named(person(request), team)).data)

    @extend_schema(request=RenamedOrArchivedSerializer, responses=TeamSerializer)
    def patch(self, request: Request, team: str) -> Response:
        """Rename it, archive it, or bring it back. For its admins, and those of its organization."""
        found = access.administered_though_archived(person(request), team)
        sent = RenamedOrArchivedSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = services.change_team(found, dict(sent.validated_data), by=person(request))
        return Response(TeamSerializer(changed).data)
