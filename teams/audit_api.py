"""REST views of a team's audit log and its export, for admins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from teams import access
from teams.accounts.signed_in import person
from teams.audit import reading
from teams.models import AuditEvent, Role, Team

_FILTERS = [
    OpenApiParameter("verb", str, description="Such as `secret.change`, or all of `secret`."),
    OpenApiParameter("actor", str, description="A user name."),
    OpenApiParameter("target", str, description="A part of the target, such as a name."),
    OpenApiParameter("since", str, description="Such as 2027-01-31T12:00:00Z or 2027-01-31."),
]
_AS = OpenApiParameter("as", str, enum=["csv", "jsonl"], description="Left out: jsonl, a JSON object a line.")


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    before = serializers.DictField(allow_null=True, read_only=True, help_text="Secrets are masked.")
    after = serializers.DictField(allow_null=True, read_only=True, help_text="Secrets are masked.")

    class Meta:
        model = AuditEvent
        fields = list(reading.COLUMNS)
        read_only_fields = fields


class TeamAuditLog(generics.ListAPIView[AuditEvent]):
    """Who changed what in a team, and who was refused; newest first. For its admins."""

    serializer_class = AuditEventSerializer
    queryset = AuditEvent.objects.none()

    def readable(self) -> QuerySet[AuditEvent]:
        """Give what this person may read at this address, or refuse."""
        return of_team(self.request, self.kwargs["team"])

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return reading.matching(self.readable(), self.request.query_params.dict())

    @extend_schema(parameters=_FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class _AnyForm(BaseContentNegotiation):
    """Whatever the request accepts: `as` says what it gets."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class TeamAuditExport(APIView):
    """The audit log of a team as a file, oldest first. For its admins."""

    content_negotiation_class = _AnyForm

    def readable(self) -> QuerySet[AuditEvent]:
        return of_team(self.request, self.kwargs["team"])

    @extend_schema(
        parameters=[*_FILTERS, _AS],
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, **names: str) -> StreamingHttpResponse:
        asked = request.query_params.dict()
        return reading.exported(reading.matching(self.readable(), asked), asked.get("as") or "jsonl")


def of_team(request: Request, name: str) -> QuerySet[AuditEvent]:
    team = access.team_named(person(request), name, Role.ADMIN)
    return reading.of_teams(Team.objects.filter(pk=team.pk))
