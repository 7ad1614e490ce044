"""REST views of projects and runs: start, ingest history, heartbeat, preemption, finish, stop."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.data.strict_json import strict
from projects import services
from projects.access import MOST_UNASKED, lock_run_to_log, project_named, run_named
from projects.history import downsampling, stream_offsets
from projects.models import Project, Run
from projects.runs import ingest, lifecycle
from projects.runs.editing import edit_run
from projects.runs.listed_values import with_listed_values
from projects.serializers import (
    ChangedProjectSerializer,
    ChangedRunSerializer,
    FinishSerializer,
    ListedRunSerializer,
    NewRunSerializer,
    ProjectSerializer,
    RowBatchSerializer,
    RunSerializer,
    SampledSerializer,
    StartedRunSerializer,
    StoredRowsSerializer,
)
from teams import access
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class Projects(generics.ListAPIView[Project]):
    """The projects of a team."""

    key_scope = KeyScope.LOG

    serializer_class = ProjectSerializer
    queryset = Project.objects.none()

    def get_queryset(self) -> QuerySet[Project]:
        team = access.team_named(person(self.request), self.kwargs["team"])
        return Project.objects.filter(team=team).select_related("team")

    @extend_schema(request=ProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request, team: str) -> Response:
        found = access.team_named(person(request), team, Role.MEMBER)
        sent = ProjectSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        project = services.create_project(found, **sent.validated_data)
        return Response(ProjectSerializer(project).data, status=status.HTTP_201_CREATED)


class OneProject(APIView):
    """One project."""

    @extend_schema(responses=ProjectSerializer)
    def get(self, request: Request, team: str, project: str) -> Response:
        return Response(ProjectSerializer(project_named(person(request), team, project)).data)

    @extend_schema(request=ChangedProjectSerializer, responses=ProjectSerializer)
    def patch(self, request: Request, team: str, project: str) -> Response:
        """Describe the project, and set whether automations act on late values. Admins rename it and archive it."""
        user, sent = person(request), ChangedProjectSerializer(data=request.data)
        found = project_named(user, team, project)
        access.require_role(user, found.team, Role.MEMBER)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        if {"name", "archived"} & values.keys():
            access.require_role(user, found.team, Role.ADMIN)
        changed = services.change_project_whole(found, values, by=user)
        return Response(ProjectSerializer(changed).data)


class Runs(generics.ListAPIView[Run]):
    """The runs of a project, newest first."""

    key_scope = KeyScope.LOG

    serializer_class = ListedRunSerializer
    queryset = Run.objects.none()

    def get_queryset(self) -> QuerySet[Run]:
        project = project_named(person(self.request), self.kwargs["team"], self.kwargs["project"])
        return with_listed_values(Run.objects.filter(project=project).select_related("user", "project__team"))

    @extend_schema(request=NewRunSerializer, responses={201: StartedRunSerializer, 200: StartedRunSerializer})
    def post(self, request: Request, team: str, project: str) -> Response:
        """Start a run, or resume the one of this name: 201 where it is new, else 200."""
        found = project_named(person(request), team, project, Role.MEMBER)
        sent = NewRunSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        details = dict(sent.validated_data)
        name = details.pop("name", None)
        started = lifecycle.start_run(found, name, lifecycle.RunDetails(**details), user=person(request))
        code = status.HTTP_201_CREATED if started.created else status.HTTP_200_OK
        return Response(_started(started.run), status=code)


class OneRun(APIView):
    """One run."""

    key_scope = KeyScope.LOG

    @extend_schema(responses=StartedRunSerializer)
    def get(self, request: Request, team: str, project: str, run: str) -> Response:
        return Response(_started(run_named(person(request), team, project, run)))

    @extend_schema(request=ChangedRunSerializer, responses=RunSerializer)
    def patch(self, request: Request, team: str, project: str, run: str) -> Response:
        """Change what people say of the run. It does not come back to life."""
        found = run_named(person(request), team, project, run, Role.MEMBER)
        sent = ChangedRunSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(RunSerializer(edit_run(found, dict(sent.validated_data), by=person(request))).data)


class RunHistory(APIView):
    """What a run logged."""

    key_scope = KeyScope.LOG

    @extend_schema(request=RowBatchSerializer, responses=StoredRowsSerializer)
    def post(self, request: Request, team: str, project: str, run: str) -> Response:
        """Log rows. The same offset again is harmless."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_UNASKED:
            run_named(person(request), team, project, run, Role.MEMBER)
        sent = RowBatchSerializer(data=request.data)
        if not sent.is_valid():
            # Whose run it is comes before what is wrong with the rows.
            run_named(person(request), team, project, run, Role.MEMBER)
            raise ValidationError(sent.errors)
        batch = sent.validated_data
        found = partial(lock_run_to_log, person(request), team, project, run)
        logged = ingest.log_rows(found, batch["offset"], batch["rows"], batch["stream"])
        return Response({"accepted": logged.accepted, "next_offset": logged.next_offset})

    @extend_schema(
        responses=SampledSerializer,
        parameters=[
            OpenApiParameter("samples", int, description="At most so many rows, evenly spread (500; up to 10,000)."),
            OpenApiParameter("keys", str, description="Only these metrics, between commas."),
            OpenApiParameter("stream", str, enum=["history", "system"]),
        ],
    )
    def get(self, request: Request, team: str, project: str, run: str) -> Response:
        """Read the history, sampled evenly. NaN and infinity come as null."""
        found = run_named(person(request), team, project, run)
        wanted = downsampling.SampleRequest.of(request.query_params)
        rows, total = downsampling.sampled_rows(found, wanted)
        return Response({"rows": strict(rows), "total": total})


class RunHeartbeat(APIView):
    """The run is alive, even when it has nothing to log."""

    key_scope = KeyScope.LOG

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, team: str, project: str, run: str) -> Response:
        found = run_named(person(request), team, project, run, Role.MEMBER)
        return Response(RunSerializer(lifecycle.heartbeat(found)).data)


class FinishRun(APIView):
    """The run is over: finished with exit code 0; with any other failed, or preempted where its script said so."""

    key_scope = KeyScope.LOG

    @extend_schema(request=FinishSerializer, responses=RunSerializer)
    def post(self, request: Request, team: str, project: str, run: str) -> Response:
        found = run_named(person(request), team, project, run, Role.MEMBER)
        sent = FinishSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(RunSerializer(lifecycle.finish_run(found, sent.validated_data["exit_code"])).data)


class PreemptRun(APIView):
    """The run's machine is being taken away (preemption)."""

    key_scope = KeyScope.LOG

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, team: str, project: str, run: str) -> Response:
        """Unless it finishes with exit code 0, it becomes preempted, not failed. 409 where nothing runs."""
        found = run_named(person(request), team, project, run, Role.MEMBER)
        return Response(RunSerializer(lifecycle.mark_preempting(found)).data)


class StopRun(APIView):
    """Ask the run's script to stop."""

    key_scope = KeyScope.LOG

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, team: str, project: str, run: str) -> Response:
        """The wandb SDK stops when it next sends something, and the run is then killed. 409 where nothing runs."""
        found = run_named(person(request), team, project, run, Role.MEMBER)
        return Response(RunSerializer(lifecycle.stop_run(found)).data)


def _started(run: Run) -> dict[str, Any]:
    return {**RunSerializer(run).data, "next_offset": stream_offsets.next_offset(run)}
