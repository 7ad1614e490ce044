"""REST view of imports: a run that was logged elsewhere, with its rows; nothing fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.validation_errors import quoted, refuse
from importers.run_import import import_run
from importers.serializers import ImportDoneSerializer, ImportedRunSerializer, imported_of
from projects.access import project_named
from projects.history.logging_limits import check_row_count, summary_beyond
from projects.history.row_identity import place_of
from projects.models import Stream
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class ImportRun(APIView):
    """Import a run."""

    key_scope = KeyScope.LOG

    @extend_schema(request=ImportedRunSerializer, responses={201: ImportDoneSerializer, 200: ImportDoneSerializer})
    def post(self, request: Request, team: str, project: str) -> Response:
        """Import a run that was logged elsewhere, or more rows of it: 201 where it is new here, else 200.

        No automation acts on it. The same again is harmless, and what people changed here stays.
        """
        found = project_named(person(request), team, project, Role.MEMBER)
        sent = ImportedRunSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        _check_rows("rows", sent.validated_data["rows"], Stream.HISTORY, "_step")
        _check_rows("system_rows", sent.validated_data["system_rows"], Stream.SYSTEM, "_timestamp")
        if excess := summary_beyond(sent.validated_data.get("summary", {})):
            excess.refuse()
        imported = imported_of(sent.validated_data, project=found.name, username=person(request).username)
        done = import_run(found.team, imported, by=person(request))
        code = status.HTTP_201_CREATED if done.created else status.HTTP_200_OK
        return Response({"created": done.created, "accepted": done.rows, "notes": done.notes}, status=code)


def _check_rows(field: str, rows: Sequence[Any], stream: Stream, key: str) -> None:
    """Refuse rows that could not be known again: by their line alone, those of another part would be the same."""
    check_row_count(len(rows))
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping) or place_of(row, stream) is None:
            refuse(f"{field}.{place}", f"{quoted(row)} is no row with {key}, by which it is known when it comes again.")
