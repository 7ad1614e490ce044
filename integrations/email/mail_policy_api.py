"""REST: where e-mails of an organization may go."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.http.serializers import OnlyKnownFields
from registries.access import administered_organization
from teams import mail_policy
from teams.accounts.signed_in import person
from teams.models import Organization, User


class UnconfirmedPersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["username", "email"]
        read_only_fields = fields


class MailPolicySerializer(OnlyKnownFields, serializers.Serializer[Organization]):
    domains = serializers.ListField(
        child=serializers.CharField(), required=False, source="mail_domains", help_text="Such as example.com."
    )
    addresses = serializers.ListField(
        child=serializers.CharField(), required=False, source="mail_addresses", help_text="Others that may get e-mails."
    )
    people_unconfirmed = serializers.SerializerMethodField(
        help_text="People whose address is not shown to be theirs: as one of theirs it gets no e-mail."
    )
    unconfirmed = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        source="mail_unconfirmed",
        help_text="Used before there was this rule: they still get e-mails. Move them to addresses, or take them out.",
    )

    @extend_schema_field(UnconfirmedPersonSerializer(many=True))
    def get_people_unconfirmed(self, organization: Organization) -> Any:
        return UnconfirmedPersonSerializer(mail_policy.people_unconfirmed(organization), many=True).data


class OrganizationMail(APIView):
    """Where e-mails of an organization may go: to its people, and to these. For its admins."""

    @extend_schema(responses=MailPolicySerializer)
    def get(self, request: Request, organization: str) -> Response:
        return Response(MailPolicySerializer(administered_organization(person(request), organization)).data)

    @extend_schema(request=MailPolicySerializer, responses=MailPolicySerializer)
    def put(self, request: Request, organization: str) -> Response:
        """Put these lists in place of those there are; what is left out stays."""
        found = administered_organization(person(request), organization)
        sent = MailPolicySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        lists: dict[str, Any] = {name.removeprefix("mail_"): value for name, value in sent.validated_data.items()}
        return Response(MailPolicySerializer(mail_policy.change(found, **lists, by=person(request))).data)
