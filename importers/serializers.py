"""REST serializers of imports: a run in the neutral words of `importers.imported_run`."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from common.http.serializers import ListedChoiceField, OnlyKnownFields
from importers.imported_run import EARLIEST, ImportedRun
from projects.models import RunState
from projects.runs.branching import BranchPoint
from projects.runs.lifecycle import RunDetails
from projects.serializers import RowsField

# One that runs is logged, not imported.
_STATES = [state for state in RunState.values if state != RunState.RUNNING]
_DETAILS = ("display_name", "config", "tags", "group", "job_type", "notes", "program", "host", "commit")


class ForkPointSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """The run of the same project that it goes on from, and the step."""

    run = serializers.CharField(max_length=128)
    step = serializers.FloatField()


class ImportedRunSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    """A run that was logged elsewhere, or a part of its rows. The same again is harmless."""

    name = serializers.CharField(max_length=128, help_text="Its id.")
    state = ListedChoiceField(choices=_STATES, default="finished", help_text="What it came to.")
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(required=False, help_text="Left out: nobody knows whether it is over.")
    exit_code = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, required=False)
    display_name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    config = serializers.DictField(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=128), required=False)
    group = serializers.CharField(max_length=128, required=False, allow_blank=True)
    job_type = serializers.CharField(max_length=64, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    program = serializers.CharField(max_length=4096, required=False, allow_blank=True)
    host = serializers.CharField(max_length=255, required=False, allow_blank=True)
    commit = serializers.CharField(max_length=64, required=False, allow_blank=True)
    fork = ForkPointSerializer(required=False, help_text="Of a fork its parent, which is imported before.")
    summary = serializers.DictField(required=False, help_text="Where it says more than the last values of the rows.")
    rows = RowsField(
        default=list,
        help_text='Each with `_step` and `_timestamp`: [{"_step": 0, "_timestamp": 1772366400.5, "loss": 1}].',
    )
    system_rows = RowsField(default=list, help_text="Metrics of the machine, each row with `_timestamp`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ended_at = attrs.get("ended_at", attrs["started_at"])
        if attrs["started_at"] < EARLIEST:
            raise serializers.ValidationError({"started_at": "Nothing was logged before 1970."})
        if not attrs["started_at"] <= ended_at <= timezone.now():
            raise serializers.ValidationError(
                {"ended_at": "What is imported has happened: it began, ended after that, and not in the future."}
            )
        return attrs


class ImportDoneSerializer(serializers.Serializer[Any]):
    created = serializers.BooleanField(help_text="Whether the run is new.")
    accepted = serializers.IntegerField(help_text="How many rows were new.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What could not be kept.")


def imported_of(sent: dict[str, Any], *, project: str, username: str) -> ImportedRun:
    fork = sent.get("fork")
    return ImportedRun(
        project=project,
        name=sent["name"],
        state=RunState(sent["state"]),
        started_at=sent["started_at"],
        ended_at=sent.get("ended_at"),
        details=RunDetails(**{name: sent[name] for name in _DETAILS if name in sent}),
        username=username,
        exit_code=sent.get("exit_code"),
        fork=BranchPoint(fork["run"], fork["step"]) if fork else None,
        rows=lambda: iter(sent["rows"]),
        system_rows=lambda: iter(sent["system_rows"]),
        summary=sent.get("summary"),
    )
