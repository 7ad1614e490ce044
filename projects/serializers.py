"""REST serializers of projects, runs and batches of history rows."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.data.strict_json import strict
from common.http.serializers import DescriptionField, ListedChoiceField, OnlyKnownFields
from common.own_addresses import with_prefix
from projects.models import MOST_LATE_HOURS, Project, Run
from projects.runs.listed_values import cut_values, listed_summary


class ProjectSerializer(OnlyKnownFields, serializers.ModelSerializer[Project]):
    team = serializers.CharField(source="team.name", read_only=True)
    description = DescriptionField()

    class Meta:
        model = Project
        fields = [
            "team", "name", "description", "acts_on_late_values", "late_after_hours", "created_at", "archived_at",
        ]  # fmt: skip
        read_only_fields = ["team", "acts_on_late_values", "late_after_hours", "created_at", "archived_at"]
        validators: list[object] = []


class ChangedProjectSerializer(OnlyKnownFields, serializers.Serializer[Project]):
    """What people say and set of a project. What is left out stays as it is."""

    name = serializers.CharField(required=False, help_text="The name of before leads to it until somebody takes it.")
    archived = serializers.BooleanField(required=False, help_text="Archived: it can be read, and nothing fires.")
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    acts_on_late_values = serializers.BooleanField(
        required=False, help_text="Whether automations act on values that come late, as `wandb sync` brings them."
    )
    late_after_hours = serializers.IntegerField(
        min_value=1, max_value=MOST_LATE_HOURS, required=False,
        help_text="Values that come more than so many hours after they were logged are late (24).",
    )  # fmt: skip


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
    left_out = StrictJSONField(
        read_only=True,
        help_text="What was left out, beyond a limit or not done here, by part of a post: how often, and why.",
    )
    differing_rows = StrictJSONField(
        read_only=True,
        help_text="How many rows, by stream, differ from another of their step or line. Both are kept.",
    )
    removed_rows = StrictJSONField(
        read_only=True,
        allow_null=True,
        help_text="What retention removed, by stream: how many `rows`, when (`at`), and up to which `time`, `step` and "
        "`line`. The last row stays. Null where all is there.",
    )
    branch = StrictJSONField(
        read_only=True,
        help_text="Of a fork its parent (`run`) and `step`, and how many `rows` it has of it; of a rewound run "
        "the step, and how many rows after it were taken back.",
    )

    class Meta:
        model = Run
        fields = [
            "name", "display_name", "state", "user", "config", "summary", "tags", "group", "job_type", "notes",
            "program", "host", "commit", "exit_code", "stop_requested_at", "preempting_at", "rows_logged",
            "left_out", "differing_rows", "removed_rows", "branch", "created_at", "heartbeat_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class ListedRunSerializer(RunSerializer):
    """A run in a list: of a long config or summary only a part, which `cut` says; the run's own address has all."""

    config = serializers.SerializerMethodField(  # type: ignore[assignment]  # the stubs know one class a name
        help_text="Empty where it is too long for a list."
    )
    summary = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="As of a run; of one that is too long for a list the metrics that were logged first."
    )
    cut = serializers.SerializerMethodField(help_text="Which of `config` and `summary` are not all there.")
    url = serializers.SerializerMethodField(help_text="The run itself, with all of it.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "cut", "url"]
        read_only_fields = fields

    def get_config(self, run: Run) -> dict[str, Any]:
        return cast(dict[str, Any], strict(run.listed_config or {}))  # type: ignore[attr-defined]  # annotated

    def get_summary(self, run: Run) -> dict[str, Any]:
        return cast(dict[str, Any], strict(listed_summary(run)))

    def get_cut(self, run: Run) -> list[str]:
        return cut_values(run)

    def get_url(self, run: Run) -> str:
        project = run.project
        return with_prefix(f"/api/v1/projects/{project.team.name}/{quote(project.name)}/runs/{quote(run.name)}")


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


class RowBatchSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """Rows of history. `offset` is the line number of the first row; the same batch again is harmless."""

    offset = serializers.IntegerField(min_value=0, max_value=2**62)
    stream = ListedChoiceField(choices=["history", "system"], default="history")
    rows = RowsField(help_text='Such as [{"_step": 0, "loss": 1.2}]; NaN and Infinity are numbers here.')


class StoredRowsSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="How many rows were new.")
    next_offset = serializers.IntegerField()


class FinishSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    exit_code = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, default=0)


class SampledSerializer(serializers.Serializer[Any]):
    rows = serializers.ListField(child=serializers.DictField())
    total = serializers.IntegerField(help_text="How many rows the run has logged.")
