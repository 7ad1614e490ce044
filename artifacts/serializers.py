"""REST serializers of collections and versions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from artifacts.access import shown_run
from artifacts.editing import LONGEST_DESCRIPTION
from artifacts.models import Collection, Entry, TimeToLivePolicy
from artifacts.name_rules import LONGEST
from artifacts.time_to_live import LONGEST_SECONDS
from common.data.strict_json import strict
from common.http.serializers import DescriptionField, OnlyKnownFields
from teams.access import Visitor, teams_of

# So many at once, so that one request cannot write events without end.
_MOST = 100


class WordsField(serializers.ListField):
    """Aliases or tags, as they are sent. The service checks each."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=serializers.CharField(max_length=LONGEST, trim_whitespace=False), max_length=_MOST, **options
        )


@extend_schema_field(serializers.DictField())
class MetadataField(serializers.Field[Any, Any, Any, Any]):
    """As it came: the service checks it. Going out, NaN and infinity are null, as every JSON reader can take it."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return strict(value)


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    path = serializers.CharField(source="__str__", read_only=True, help_text="Such as acme/mnist/model.")
    description = DescriptionField(read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), source="tag_names", read_only=True)

    class Meta:
        model = Collection
        fields = ["name", "path", "type", "description", "holds_links", "tags", "created_at"]
        read_only_fields = fields


class NewCollectionSerializer(OnlyKnownFields, serializers.Serializer[Collection]):
    """A collection to create. Where there is one of this name and type, it is the answer."""

    name = serializers.CharField(max_length=LONGEST)
    type = serializers.CharField(max_length=LONGEST, help_text="Such as model or dataset.")
    description = DescriptionField(max_length=10_000)


class ChangedCollectionSerializer(OnlyKnownFields, serializers.Serializer[Collection]):
    """What people say of a collection."""

    description = serializers.CharField(max_length=LONGEST_DESCRIPTION, allow_blank=True)


class VersionSerializer(serializers.ModelSerializer[Entry]):
    """A version as it stands in this collection; `made_as` is what it is where it was made."""

    version = serializers.SerializerMethodField(help_text="Its number in this collection, such as v3.")
    made_as = serializers.CharField(source="version.__str__", read_only=True, help_text="Such as acme/mnist/model:v3.")
    type = serializers.CharField(source="version.collection.type", read_only=True)
    digest = serializers.CharField(source="version.digest", read_only=True)
    description = DescriptionField(source="version.description", read_only=True)
    metadata = MetadataField(source="version.metadata", read_only=True, help_text="NaN and infinity as null.")
    aliases = serializers.ListField(child=serializers.CharField(), source="alias_names", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), source="tag_names", read_only=True)
    run = serializers.SerializerMethodField(help_text="The run that made it; empty where that is not yours to see.")
    created_by = serializers.CharField(source="created_by.username", read_only=True, default="")
    expires_at = serializers.DateTimeField(
        source="version.expires_at", read_only=True, help_text="When it is deleted, unless it is linked; null: never."
    )
    ttl_is_inherited = serializers.BooleanField(
        source="version.ttl_is_inherited", read_only=True, help_text="Whether the team's default decides."
    )

    class Meta:
        model = Entry
        fields = [
            "version", "made_as", "type", "digest", "description", "metadata", "aliases", "tags", "run", "created_by",
            "created_at", "expires_at", "ttl_is_inherited",
        ]  # fmt: skip
        read_only_fields = fields

    def get_version(self, entry: Entry) -> str:
        return f"v{entry.index}"

    def get_run(self, entry: Entry) -> str:
        run = shown_run(entry.version)
        return run.name if run is not None and self._sees_source(entry) else ""

    def _sees_source(self, entry: Entry) -> bool:
        """A link does not tell which run made a version: that is for its own team."""
        if entry.collection_id == entry.version.collection_id:
            return True
        request = self.context.get("request")
        if request is None or entry.version.is_of_hidden_project:
            return False
        return entry.version.team.pk in self._teams(request.user)

    def _teams(self, user: Visitor) -> set[int]:
        # One serializer writes a whole list: asked once.
        if not hasattr(self, "_teams_seen"):
            self._teams_seen = set(teams_of(user).values_list("pk", flat=True))
        return self._teams_seen


class NewVersionSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """A version to add. Where its digest is there already, that version gets the aliases and tags."""

    digest = serializers.CharField(max_length=LONGEST, help_text="What tells it from other versions, such as a hash.")
    description = DescriptionField(max_length=10_000)
    metadata = MetadataField(required=False, help_text="NaN and Infinity are numbers here.")
    aliases = WordsField(required=False, help_text="`latest` comes by itself.")
    tags = WordsField(required=False)
    run = serializers.CharField(max_length=LONGEST, required=False, help_text="The run of this project that made it.")


class TimeToLivePolicySerializer(OnlyKnownFields, serializers.ModelSerializer[TimeToLivePolicy]):
    """A team's rule on the time to live of its versions."""

    default_seconds = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_SECONDS,
        allow_null=True,
        help_text="From when a version was made; null: for good.",
    )
    members_may_set = serializers.BooleanField(help_text="Else only admins set artifact.ttl.")

    class Meta:
        model = TimeToLivePolicy
        fields = ["default_seconds", "members_may_set"]


class AliasesSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    aliases = WordsField(min_length=1)


class TagsSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    tags = WordsField(min_length=1)
