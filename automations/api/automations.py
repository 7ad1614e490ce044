"""REST: automations and their executions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import automation_numbered, automations_of, execution_numbered, executions_of
from automations.api.serializers import (
    AutomationSerializer,
    ExecutionDetailSerializer,
    ExecutionSerializer,
)
from automations.definitions import former_names, scopes, services
from automations.definitions.representation import as_sent, draft_of, scope_of
from automations.definitions.scope_type import ScopePlace
from automations.messages import variables
from automations.models import Automation, Execution, ExecutionState
from common.data.validation_errors import quoted, refuse
from events import event_types
from projects.access import project_named
from projects.models import Project
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class Automations(generics.ListAPIView[Automation]):
    """The automations you can see, newest first."""

    key_scope = KeyScope.AUTOMATIONS

    serializer_class = AutomationSerializer
    queryset = Automation.objects.none()

    def get_queryset(self) -> QuerySet[Automation]:
        rows = automations_of(person(self.request))
        project = self.request.query_params.get("project")
        return rows.filter(project=project_in(self.request, project, "project", Role.VIEWER)) if project else rows

    @extend_schema(parameters=[OpenApiParameter("project", str, description="Only these of acme/mnist.")])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page: list[Automation] = self.paginate_queryset(self.get_queryset()) or []
        names = services.receiver_names(page)
        return self.get_paginated_response([as_sent(automation, names) for automation in page])

    @extend_schema(request=AutomationSerializer, responses={201: AutomationSerializer})
    def post(self, request: Request) -> Response:
        sent = AutomationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        place = place_in(request, sent.validated_data["scope"], Role.MEMBER)
        automation = services.create_automation(place, sent.draft(), by=person(request))
        return Response(AutomationSerializer(automation).data, status=status.HTTP_201_CREATED)


class OneAutomation(generics.GenericAPIView[Automation]):
    """One automation."""

    key_scope = KeyScope.AUTOMATIONS

    serializer_class = AutomationSerializer
    queryset = Automation.objects.none()

    def get(self, request: Request, pk: int) -> Response:
        return Response(AutomationSerializer(automation_numbered(person(request), pk)).data)

    def put(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, partial=False)

    def patch(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, partial=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        services.delete_automation(automation_numbered(person(request), pk, Role.MEMBER))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, pk: int, *, partial: bool) -> Response:
        automation = automation_numbered(person(request), pk, Role.MEMBER)
        sent = AutomationSerializer(data=request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        _refuse_another_scope(automation, sent.validated_data)
        draft = sent.draft(draft_of(automation) if partial else None)
        return Response(AutomationSerializer(services.change_automation(automation, draft)).data)


class Switch(APIView):
    """Turn an automation on or off."""

    key_scope = KeyScope.AUTOMATIONS

    enabled = True

    @extend_schema(request=None, responses=AutomationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        automation = automation_numbered(person(request), pk, Role.MEMBER)
        return Response(AutomationSerializer(services.set_enabled(automation, self.enabled)).data)


class Executions(generics.ListAPIView[Execution]):
    """What automations did, newest first."""

    serializer_class = ExecutionSerializer
    queryset = Execution.objects.none()

    def get_queryset(self) -> QuerySet[Execution]:
        rows = executions_of(person(self.request))
        if "pk" in self.kwargs:
            rows = rows.filter(automation=automation_numbered(person(self.request), self.kwargs["pk"]))
        state = self.request.query_params.get("state")
        if state and state not in ExecutionState.values:
            now = former_names.hint(state, former_names.STATES)
            refuse("state", f"{quoted(state)} is no state.{now} Choose one of: {', '.join(ExecutionState.values)}.")
        return rows.filter(state=state) if state else rows

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=ExecutionState.values)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OneExecution(APIView):
    """One execution, with each attempt: what was sent, with secrets masked, and what was answered."""

    @extend_schema(responses=ExecutionDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(ExecutionDetailSerializer(execution_numbered(person(request), pk)).data)


class Variables(APIView):
    """The variables of payloads for an event: name, meaning, sample."""

    @extend_schema(responses={200: dict})
    def get(self, request: Request, event: str) -> Response:
        found = event_named(event)
        rows = [
            {"name": one.name, "meaning": str(one.meaning), "sample": one.sample}
            for one in variables.of_event(found.key)
        ]
        return Response({"event": found.wire, "variables": rows})


def event_named(name: str) -> type[event_types.EventType]:
    try:
        return event_types.by_wire_name(name)
    except LookupError as error:
        refuse("event", f"{error}.")


def project_in(request: Request, name: str, field: str, least: Role) -> Project:
    team, _, project = name.partition("/")
    if not project:
        refuse(field, f"{quoted(name)} names no project; write it as team/project, such as acme/mnist.")
    try:
        return project_named(person(request), team, project, least)
    except Http404 as error:
        raise NotFound({field: [str(error)]}) from None


def place_in(request: Request, sent: Mapping[str, Any], least: Role) -> ScopePlace:
    """Give the place of an automation; 404 says which field names nothing."""
    try:
        return scopes.find(person(request), sent, least)
    except Http404 as error:
        raise NotFound({"scope.name": [str(error)]}) from None


def _refuse_another_scope(automation: Automation, sent: dict[str, Any]) -> None:
    there = {"team": automation.team.name, **scope_of(automation)}
    for name, value in sent.get("scope", {}).items():
        if value != there[name]:
            refuse(
                f"scope.{name}",
                f"{quoted(value)} is not where it stands ({there[name]}). Make a new automation there.",
            )
