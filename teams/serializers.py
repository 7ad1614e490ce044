"""Serializers of people, teams, invitations, notices and API keys."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.http.serializers import ListedChoiceField, OnlyKnownFields
from teams import access
from teams.accounts.default_team import default_team
from teams.accounts.key_scopes import KeyScope, checked_networks
from teams.email_addresses.confirmed import is_confirmed
from teams.models import ApiKey, Invitation, Membership, Notice, Role, Team, User


class TeamSerializer(serializers.ModelSerializer[Team]):
    organization = serializers.CharField(source="organization.name", read_only=True)

    class Meta:
        model = Team
        fields = ["name", "organization", "created_at", "archived_at"]
        read_only_fields = fields


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ["username", "role"]
        read_only_fields = ["username"]


class NewMemberSerializer(OnlyKnownFields, serializers.Serializer[Membership]):
    username = serializers.CharField(max_length=150)
    role = ListedChoiceField(choices=Role.choices, default=Role.MEMBER)


class RoleSerializer(OnlyKnownFields, serializers.Serializer[Membership]):
    role = ListedChoiceField(choices=Role.choices)


class TeamRoleSerializer(serializers.Serializer[Membership]):
    team = serializers.CharField(source="team.name")
    role = serializers.CharField()


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    class Meta:
        model = Notice
        fields = ["id", "key", "text", "url", "created_at", "emailed_at"]
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer[User]):
    teams = serializers.SerializerMethodField(help_text="Those that this key leads to.")
    email_confirmed = serializers.SerializerMethodField(
        help_text="Whether the address is shown to be yours; until then it gets no e-mail and opens nothing."
    )
    default_team = serializers.SerializerMethodField(help_text="Where scripts log that name no entity.")

    @extend_schema_field(TeamRoleSerializer(many=True))
    def get_teams(self, user: User) -> Any:
        return TeamRoleSerializer(list(access.memberships_of(user).order_by("pk")), many=True).data  # type: ignore[arg-type]

    class Meta:
        model = User
        fields = ["username", "email", "email_confirmed", "is_service", "teams", "default_team"]
        read_only_fields = fields

    def get_email_confirmed(self, user: User) -> bool:
        return is_confirmed(user)

    def get_default_team(self, user: User) -> str | None:
        team = default_team(user)
        return team.name if team else None


class MyChangesSerializer(OnlyKnownFields, serializers.Serializer[User]):
    default_team = serializers.CharField(max_length=64, help_text="One of your teams.")


class InvitationSerializer(OnlyKnownFields, serializers.ModelSerializer[Invitation]):
    role = ListedChoiceField(choices=Role.choices, default=Role.MEMBER)
    made_by = serializers.CharField(source="made_by.username", read_only=True)

    class Meta:
        model = Invitation
        fields = ["id", "role", "email", "made_by", "created_at", "expires_at", "emailed_at"]
        read_only_fields = ["id", "made_by", "created_at", "expires_at", "emailed_at"]


class NewInvitationSerializer(InvitationSerializer):
    """The answer to a new invitation: the one time its link is shown, unless it goes out by e-mail."""

    link = serializers.CharField(read_only=True, help_text="Empty where it goes to the e-mail address.")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "link"]


class ApiKeySerializer(OnlyKnownFields, serializers.ModelSerializer[ApiKey]):
    scope = ListedChoiceField(choices=KeyScope.choices, required=False)
    team = serializers.CharField(
        required=False, allow_null=True, help_text="The one team it reaches, by name; null: all of yours."
    )
    networks = serializers.CharField(
        required=False, allow_blank=True, validators=[], help_text="Ranges such as 10.1.0.0/16; blank: from anywhere."
    )

    def validate_networks(self, text: str) -> str:
        return checked_networks(text)

    class Meta:
        model = ApiKey
        fields = ["id", "name", "start", "scope", "team", "networks", "created_at", "expires_at", "last_used_at"]
        read_only_fields = ["id", "start", "created_at", "last_used_at"]


class TeamKeySerializer(ApiKeySerializer):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "user"]


class NewApiKeySerializer(ApiKeySerializer):
    """The answer to a new key: the one time the key itself is shown."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
