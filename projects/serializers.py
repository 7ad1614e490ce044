"""Projects and runs over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.json import strict
from common.serializers import ListedChoiceField, OnlyKnownFields
from projects.models import Project, Run


class ProjectSerializer(OnlyKnownFields, serializers.ModelSerializer[Project]):
    team = serializers.CharField(source="team.name", read_only=True)

    class Meta:
        model = Project
        fields = ["team", "name", "description", "created_at"]
        read_only_fields = ["team", "created_at"]
        validators: list[object] = []


class StrictJSONField(serializers.JSONField):
    """JSON going out: NaN and infinity as null, as every JSON reader can take it."""

    def to_representation(self, value: Any) -> Any:
        return strict(value)


class RunSerializer(serializers.ModelSerializer[Run]):
    user = serializers.CharField(source="user.username", read_only=True, default="")
    config = StrictJSONField(read_only=True)
    summary = StrictJSONField(
        source="shown_summary",
        read_only=True,
        help_text="What the script says of it, else the last value of each metric; NaN and infinity as null.",
    )
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Run
        fields = [
            "name", "display_name", "state", "user", "config", "summary", "tags", "group", "job_type", "notes",
            "program", "host", "commit", "exit_code", "stop_requested_at", "rows_logged", "created_at", "heartbeat_at",
            "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewRunSerializer(OnlyKnownFields, serializers.Serializer[Run]):
    """A run to create, or to resume where there is one of this name. What is left out stays as it is."""

    name = serializers.CharField(max_length=128, required=False, help_text="Its id; one is made up if left out.")
    display_name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    config = serializers.DictField(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=128), required=False)
    group = serializers.CharField(max_length=128, required=False, allow_blank=True)
    job_type = serializers.CharField(max_length=64, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class ChangedRunSerializer(OnlyKnownFields, serializers.Serializer[Run]):
    """What people say of a run. What is left out stays as it is."""

    display_name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=128), required=False)
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class StartedRunSerializer(RunSerializer):
    next_offset = serializers.IntegerField(help_text="The offset at which the history goes on.", read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "next_offset"]
        read_only_fields = fields


@extend_schema_field(serializers.ListField(child=serializers.DictField()))
class RowsField(serializers.Field[Any, Any, Any, Any]):
    """Rows as they came: the service checks them. A field for each of ten thousand values would be the slowest part."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            raise serializers.ValidationError('Give a list of rows, such as [{"_step": 0, "loss": 1.2}].')
        return data


class BatchSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """Rows of history. `offset` is the line number of the first row; the same batch again is harmless."""

    offset = serializers.IntegerField(min_value=0, max_value=2**62)
    stream = ListedChoiceField(choices=["history", "system"], default="history")
    rows = RowsField(help_text='Such as [{"_step": 0, "loss": 1.2}]; NaN and Infinity are numbers here.')


class KeptSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="How many rows were new.")
    next_offset = serializers.IntegerField()


class FinishSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    exit_code = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, default=0)


class SampledSerializer(serializers.Serializer[Any]):
    rows = serializers.ListField(child=serializers.DictField())
    total = serializers.IntegerField(help_text="How many rows the run has logged.")
