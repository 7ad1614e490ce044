"""REST: for how many days a team keeps what, and what its projects take."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.http.serializers import OnlyKnownFields
from operations.retention.project_usage import usage_by_project
from operations.retention.team_days import days_of, set_days
from projects.quota import usage_of
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role, Team


class KindDaysSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="kind.key")
    days = serializers.IntegerField(help_text="What holds; 0: for ever.")
    own_days = serializers.IntegerField(source="own", allow_null=True, help_text="What the team says; null: nothing.")
    installation_days = serializers.IntegerField(
        source="installation", help_text="What the operator says; 0: for ever."
    )
    may_shorten = serializers.BooleanField(source="kind.teams_may_shorten", help_text="Whether a team may have fewer.")


class SentDaysSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    days = serializers.DictField(
        child=serializers.IntegerField(allow_null=True),
        help_text='Such as {"events": 30}; null: as the installation has it.',
    )


class UsedByProjectSerializer(serializers.Serializer[Any]):
    project = serializers.CharField(source="project.name")
    rows = serializers.IntegerField(source="row_count", help_text="Rows of history that were logged.")
    bytes = serializers.IntegerField(help_text="Of the rows that are kept.")
    grown_bytes = serializers.IntegerField(
        allow_null=True, help_text="What came, less what went; null on the first day."
    )
    grown_since = serializers.DateField(allow_null=True, help_text="A month ago, or the first day that is known.")


class TeamUsageSerializer(serializers.Serializer[Any]):
    rows_bytes = serializers.IntegerField(help_text="Of the rows of all projects.")
    files_bytes = serializers.IntegerField(help_text="Of all files, each content once.")
    allowed_bytes = serializers.IntegerField(help_text="0: no limit.")
    projects = UsedByProjectSerializer(many=True)


class TeamRetentionDays(APIView):
    """For how many days a team keeps what grows."""

    @extend_schema(responses=KindDaysSerializer(many=True))
    def get(self, request: Request, team: str) -> Response:
        return _days(access.team_named(person(request), team))

    @extend_schema(request=SentDaysSerializer, responses=KindDaysSerializer(many=True))
    def put(self, request: Request, team: str) -> Response:
        """Set days of the team's own, fewer than the installation's: admins only. What is older goes soon."""
        found = access.team_named(person(request), team, Role.ADMIN)
        sent = SentDaysSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        set_days(found, sent.validated_data["days"], by=person(request))
        return _days(found)


class TeamUsage(APIView):
    """What a team keeps, and each of its projects."""

    @extend_schema(responses=TeamUsageSerializer)
    def get(self, request: Request, team: str) -> Response:
        found = access.team_named(person(request), team)
        used = usage_of(found)
        said = {"rows_bytes": used.rows, "files_bytes": used.files, "allowed_bytes": used.allowed}
        return Response(TeamUsageSerializer({**said, "projects": usage_by_project(found)}).data)


def _days(team: Team) -> Response:
    return Response(KindDaysSerializer(days_of(team), many=True).data)
