"""REST: export a team or a project, fetch the archive, and import one into a team; in the background."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.validation_errors import quoted, refuse
from common.http.serializers import ListedChoiceField, OnlyKnownFields
from operations.archives import archive_jobs
from operations.archives.archive_download import download
from operations.archives.export import JSON_LINES, PARQUET
from operations.models import ArchiveJob
from projects.access import project_named
from projects.file_storage.services import claim_files
from projects.file_storage.signed_links import upload_url
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role

_MD5 = re.compile(r"[0-9a-f]{32}\Z")


class ArchiveJobSerializer(serializers.ModelSerializer[ArchiveJob]):
    asked_by = serializers.CharField(source="asked_by.username", default="", read_only=True)
    report = serializers.DictField(
        read_only=True, help_text="Of an export its manifest; of an import what is new, and what is to be set."
    )

    class Meta:
        model = ArchiveJob
        fields = ["id", "kind", "name", "format", "asked_by", "asked_at", "size", "finished_at", "problem", "report"]
        read_only_fields = fields


class NewExportSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    project = serializers.CharField(default="", allow_blank=True, help_text="One project; left out: all of the team.")
    format = ListedChoiceField([PARQUET, JSON_LINES], default="", help_text="Of the history; left out: Parquet.")


class SentArchiveSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    md5 = serializers.CharField(help_text="Of the archive, in 32 hexadecimal digits.")

    def validate_md5(self, value: str) -> str:
        if not _MD5.match(value):
            refuse("md5", f"{quoted(value)} is no MD5: write its 32 hexadecimal digits, in lower case.")
        return value


class UploadPlaceSerializer(serializers.Serializer[Any]):
    upload_url = serializers.CharField(help_text="Send the archive there with PUT; it takes no key.")


class TeamArchives(generics.ListAPIView[ArchiveJob]):
    """Exports and imports of a team, the newest first."""

    serializer_class = ArchiveJobSerializer
    queryset = ArchiveJob.objects.none()

    def get_queryset(self) -> QuerySet[ArchiveJob]:
        team = team_named(person(self.request), self.kwargs["team"], Role.ADMIN)
        return archive_jobs.jobs_of(person(self.request)).filter(team=team)

    @extend_schema(request=NewExportSerializer, responses={202: ArchiveJobSerializer})
    def post(self, request: Request, team: str) -> Response:
        """Export the team, or one project of it. Secrets are not in it; their names are listed."""
        by, sent = person(request), NewExportSerializer(data=request.data)
        found = team_named(by, team, Role.ADMIN)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        project = project_named(by, team, values["project"], Role.ADMIN) if values["project"] else None
        job = archive_jobs.ask_for_export(found, project, format=values["format"], by=by)
        return Response(ArchiveJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class OneArchive(APIView):
    """One export or import, and how far it is."""

    @extend_schema(responses=ArchiveJobSerializer)
    def get(self, request: Request, team: str, pk: int) -> Response:
        team_named(person(request), team, Role.ADMIN)
        return Response(ArchiveJobSerializer(archive_jobs.job_numbered(person(request), pk, team)).data)


class ArchiveFile(APIView):
    """The archive of an export."""

    @extend_schema(responses={(200, "application/x-tar"): OpenApiTypes.BINARY})
    def get(self, request: Request, team: str, pk: int) -> StreamingHttpResponse:
        """409 until it is there, 404 a week later. The audit log tells who fetched it."""
        team_named(person(request), team, Role.ADMIN)
        return download(archive_jobs.job_numbered(person(request), pk, team), by=person(request))


class ArchiveUpload(APIView):
    """Where to send an archive that is to be imported."""

    @extend_schema(request=SentArchiveSerializer, responses=UploadPlaceSerializer)
    def post(self, request: Request, team: str) -> Response:
        by, sent = person(request), SentArchiveSerializer(data=request.data)
        found = team_named(by, team, Role.ADMIN)
        sent.is_valid(raise_exception=True)
        return Response({"upload_url": upload_url(found, sent.validated_data["md5"], by=by)})


class ArchiveImport(APIView):
    """Import an archive that was sent."""

    @extend_schema(request=SentArchiveSerializer, responses={202: ArchiveJobSerializer})
    def post(self, request: Request, team: str) -> Response:
        """No automation fires; what is there stays, and the same again changes nothing."""
        by, sent = person(request), SentArchiveSerializer(data=request.data)
        found = team_named(by, team, Role.ADMIN)
        sent.is_valid(raise_exception=True)
        md5 = sent.validated_data["md5"]
        content = claim_files(found, [md5]).get(md5)
        if content is None:
            refuse("md5", f"No archive with the MD5 {md5} has come. Send it to the address of archives/upload first.")
        job = archive_jobs.ask_for_import(found, content, by=by)
        return Response(ArchiveJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
