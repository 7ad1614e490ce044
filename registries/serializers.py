"""REST serializers of registries, their members and links."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from artifacts.models import Registry, Visibility
from artifacts.serializers import WordsField
from common.http.serializers import DescriptionField, ListedChoiceField, OnlyKnownFields
from registries.models import RegistryMember, RegistryRole


class RegistrySerializer(OnlyKnownFields, serializers.ModelSerializer[Registry]):
    organization = serializers.CharField(source="organization.name", read_only=True)
    description = DescriptionField()
    visibility = ListedChoiceField(choices=Visibility.choices, default=Visibility.ORGANIZATION)

    class Meta:
        model = Registry
        fields = ["organization", "name", "description", "visibility", "created_at", "archived_at"]
        read_only_fields = ["organization", "created_at", "archived_at"]
        validators: list[object] = []


class ChangedRegistrySerializer(OnlyKnownFields, serializers.Serializer[Registry]):
    """What is said of a registry. What is left out stays as it is."""

    name = serializers.CharField(required=False, help_text="The name of before leads to it until somebody takes it.")
    archived = serializers.BooleanField(required=False, help_text="Archived: it can be read, and nothing fires.")
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    visibility = ListedChoiceField(choices=Visibility.choices, required=False)


class RegistryMemberSerializer(serializers.ModelSerializer[RegistryMember]):
    """A person or a team: the other of the two is empty."""

    username = serializers.CharField(source="user.username", read_only=True, default="")
    team = serializers.CharField(source="team.name", read_only=True, default="")

    class Meta:
        model = RegistryMember
        fields = ["id", "username", "team", "role"]
        read_only_fields = fields


class NewRegistryMemberSerializer(OnlyKnownFields, serializers.Serializer[RegistryMember]):
    """A person or a team to add, or to give another role."""

    username = serializers.CharField(max_length=150, required=False)
    team = serializers.CharField(max_length=64, required=False)
    role = ListedChoiceField(choices=RegistryRole.choices, default=RegistryRole.VIEWER)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("username" in attrs) == ("team" in attrs):
            raise serializers.ValidationError({"username": "Give either a username or a team, not both."})
        return attrs


class LinkSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    version = serializers.CharField(max_length=400, help_text="Such as acme/mnist/model:v3 or acme/mnist/model:latest.")
    aliases = WordsField(required=False, help_text="In the registry's collection; `latest` comes by itself.")
    tags = WordsField(required=False, help_text="In the registry's collection.")
