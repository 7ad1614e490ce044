"""REST: whether an organization requires two-factor sign-in, and who of it has a second factor. For its admins."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.http.serializers import OnlyKnownFields
from registries.access import administered_organization
from teams.accounts.signed_in import person
from teams.models import Organization, User
from teams.sign_in.two_factor.requirement import people_with_factors, require_two_factor


class PersonSerializer(serializers.ModelSerializer[User]):
    has_second_factor = serializers.BooleanField(read_only=True)

    class Meta:
        model = User
        fields = ["username", "has_second_factor"]
        read_only_fields = fields


class TwoFactorSerializer(OnlyKnownFields, serializers.Serializer[Organization]):
    required = serializers.BooleanField(  # type: ignore[assignment]  # fields have a setting of this name
        source="requires_two_factor", help_text="Its people set up a second factor before they see any page."
    )
    people = PersonSerializer(many=True, read_only=True, help_text="Everybody of the organization who can sign in.")


class OrganizationTwoFactor(APIView):
    """Two-factor sign-in of an organization: whether it is required, and who has a second factor. For its admins."""

    @extend_schema(responses=TwoFactorSerializer)
    def get(self, request: Request, organization: str) -> Response:
        return Response(_requirement_json(administered_organization(person(request), organization)))

    @extend_schema(request=TwoFactorSerializer, responses=TwoFactorSerializer)
    def put(self, request: Request, organization: str) -> Response:
        """Require it, or require it no more. API keys go on in any case."""
        found = administered_organization(person(request), organization)
        sent = TwoFactorSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        required = sent.validated_data["requires_two_factor"]
        return Response(_requirement_json(require_two_factor(found, required, by=person(request))))


def _requirement_json(organization: Organization) -> dict[str, Any]:
    people = PersonSerializer(people_with_factors(organization), many=True).data
    return {"required": organization.requires_two_factor, "people": people}
