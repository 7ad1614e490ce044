"""People, teams and keys over REST."""

from __future__ import annotations

from rest_framework import serializers

from common.serializers import ListedChoiceField, OnlyKnownFields
from teams.models import ApiKey, Membership, Notice, Role, Team, User


class TeamSerializer(serializers.ModelSerializer[Team]):
    organization = serializers.CharField(source="organization.name", read_only=True)

    class Meta:
        model = Team
        fields = ["name", "organization", "created_at"]
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


class TeamRoleSerializer(serializers.Serializer[Membership]):
    team = serializers.CharField(source="team.name")
    role = serializers.CharField()


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    class Meta:
        model = Notice
        fields = ["id", "key", "text", "url", "created_at", "emailed_at"]
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer[User]):
    teams = TeamRoleSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = ["username", "email", "is_service", "teams"]
        read_only_fields = fields


class ApiKeySerializer(OnlyKnownFields, serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ["id", "name", "start", "created_at", "expires_at", "last_used_at"]
        read_only_fields = ["id", "start", "created_at", "last_used_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """The answer to a new key: the one time the key itself is shown."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
