"""Collections and versions over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from artifacts.describing import LONGEST_DESCRIPTION
from artifacts.models import Collection, Entry
from artifacts.names import LONGEST
from common.json import strict
from common.serializers import OnlyKnownFields

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
    tags = serializers.ListField(child=serializers.CharField(), source="tag_names", read_only=True)

    class Meta:
        model = Collection
        fields = ["name", "path", "type", "description", "holds_links", "tags", "created_at"]
        read_only_fields = fields


class NewCollectionSerializer(OnlyKnownFields, serializers.Serializer[Collection]):
    """A collection to create. Where there is one of this name and type, it is the answer."""

    name = serializers.CharField(max_length=LONGEST)
    type = serializers.CharField(max_length=LONGEST, help_text="Such as model or dataset.")
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class ChangedCollectionSerializer(OnlyKnownFields, serializers.Serializer[Collection]):
    """What people say of a collection."""

    description = serializers.CharField(max_length=LONGEST_DESCRIPTION, allow_blank=True)


class VersionSerializer(serializers.ModelSerializer[Entry]):
    """A version as it stands in this collection; `made_as` is what it is where it was made."""

    version = serializers.SerializerMethodField(help_text="Its number in this collection, such as v3.")
    made_as = serializers.CharField(source="version.__str__", read_only=True, help_text="Such as acme/mnist/model:v3.")
    type = serializers.CharField(source="version.collection.type", read_only=True)
    digest = serializers.CharField(source="version.digest", read_only=True)
    description = serializers.CharField(source="version.description", read_only=True)
    metadata = MetadataField(source="version.metadata", read_only=True, help_text="NaN and infinity as null.")
    aliases = serializers.ListField(child=serializers.CharField(), source="alias_names", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), source="tag_names", read_only=True)
    run = serializers.CharField(source="version.run.name", read_only=True, default="")
    created_by = serializers.CharField(source="created_by.username", read_only=True, default="")

    class Meta:
        model = Entry
        fields = [
            "version", "made_as", "type", "digest", "description", "metadata", "aliases", "tags", "run", "created_by",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_version(self, entry: Entry) -> str:
        return f"v{entry.index}"


class NewVersionSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """A version to add. Where its digest is there already, that version gets the aliases and tags."""

    digest = serializers.CharField(max_length=LONGEST, help_text="What tells it from other versions, such as a hash.")
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    metadata = MetadataField(required=False, help_text="NaN and Infinity are numbers here.")
    aliases = WordsField(required=False, help_text="`latest` comes by itself.")
    tags = WordsField(required=False)
    run = serializers.CharField(max_length=LONGEST, required=False, help_text="The run of this project that made it.")


class AliasesSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    aliases = WordsField(min_length=1)


class TagsSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    tags = WordsField(min_length=1)
