"""Integrations over REST, whatever their kind: /api/v1/teams/<team>/integrations/<kind>/<name>/..."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import executions_shown
from automations.api.automations import event_named
from automations.api.preview_and_test import SentTestSerializer
from automations.api.serializers import ExecutionDetailSerializer
from automations.delivery import redelivery, trial_delivery
from automations.models import Execution, ExecutionState
from common.confirmed_delete import CONFIRM, confirmed
from common.data.validation_errors import quoted, refuse
from common.http.pagination import Pages
from common.http.serializers import OnlyKnownFields
from integrations import removal
from integrations.access import integration_named, kind_named
from integrations.kind import Kind
from integrations.rest.form_serializers import serializer_of
from teams import access
from teams.accounts.signed_in import person
from teams.models import Role


class OfKind:
    """A view of one kind: as its address says. For OpenAPI `kind` is set, so that each kind is described by itself."""

    kind: ClassVar[type[Kind] | None] = None
    kwargs: dict[str, Any]
    request: Any

    def of_kind(self) -> type[Kind]:
        return self.kind or kind_named(self.kwargs["kind"])

    def integration(self, least: Role) -> Any:
        team, name = self.kwargs["team"], self.kwargs["name"]
        return integration_named(person(self.request), team, self.of_kind(), name, least)


class KindSchema(AutoSchema):
    """Describes what a kind takes and shows."""

    view: Any

    def get_request_serializer(self) -> Any:
        if self.method not in ("POST", "PUT", "PATCH"):
            return None
        return self.view.sent_serializer(new=self.method == "POST")

    def get_response_serializers(self) -> Any:
        if self.method == "DELETE":
            return {204: None}
        if self.method == "POST":
            return {201: self.view.get_serializer_class()}
        return self.view.get_serializer_class()


class Integrations(OfKind, generics.ListAPIView[Any]):
    """The integrations of a team, of one kind."""

    schema = KindSchema()
    queryset = Execution.objects.none()

    def get_serializer_class(self) -> Any:
        return self.of_kind().serializer()

    def sent_serializer(self, *, new: bool) -> Any:
        return self.of_kind().sent_serializer(new=new)

    def get_queryset(self) -> QuerySet[Any]:
        team = access.team_named(person(self.request), self.kwargs["team"])
        return self.of_kind().rows().filter(team=team)

    def post(self, request: Request, **_: str) -> Response:
        kind = self.of_kind()
        team = access.team_named(person(request), self.kwargs["team"], Role.ADMIN)
        sent = kind.sent_serializer(new=True)(data=request.data)
        sent.is_valid(raise_exception=True)
        row = kind.create(team, sent.validated_data, by=person(request))
        return Response(kind.serializer()(row).data, status=status.HTTP_201_CREATED)


class OneIntegration(OfKind, generics.GenericAPIView[Any]):
    """One integration of a team."""

    schema = KindSchema()
    queryset = Execution.objects.none()

    def get_serializer_class(self) -> Any:
        return self.of_kind().serializer()

    def sent_serializer(self, *, new: bool) -> Any:
        return self.of_kind().sent_serializer(new=new)

    def get(self, request: Request, **_: str) -> Response:
        return Response(self.of_kind().serializer()(self.integration(Role.VIEWER)).data)

    def put(self, request: Request, **_: str) -> Response:
        return self._change(partial=False)

    def patch(self, request: Request, **_: str) -> Response:
        return self._change(partial=True)

    @extend_schema(parameters=[CONFIRM], responses={204: None})
    def delete(self, request: Request, **_: str) -> Response:
        """Remove it. 409 with the automations that use it, unless confirmed: then they need attention."""
        removal.delete(self.of_kind(), self.integration(Role.ADMIN), confirmed=confirmed(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, *, partial: bool) -> Response:
        kind, row = self.of_kind(), self.integration(Role.ADMIN)
        sent = kind.sent_serializer(new=False)(row, data=self.request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        return Response(kind.serializer()(kind.change(row, sent.validated_data)).data)


class TestSchema(KindSchema):
    __test__ = False

    def get_response_serializers(self) -> Any:
        return {200: SentTestSerializer}


class TestIntegration(OfKind, generics.GenericAPIView[Any]):
    """Send a test, now: 200 with what was sent and answered, whatever that was."""

    __test__ = False
    schema = TestSchema()
    queryset = Execution.objects.none()

    def get_serializer_class(self) -> Any:
        return SentTestSerializer

    def sent_serializer(self, *, new: bool) -> Any:
        return serializer_of(f"{self.of_kind().__name__}Test", self.of_kind().TestForm, partial=True)

    def post(self, request: Request, **_: str) -> Response:
        row = self.integration(Role.ADMIN)
        sent = self.sent_serializer(new=True)(data=request.data)
        sent.is_valid(raise_exception=True)
        event = event_named(sent.validated_data.get("event") or "RUN_STATE")
        action = self.of_kind().test_action(row, sent.validated_data, event)
        return Response(trial_delivery.result_of_test(trial_delivery.send_test(action, row.team, event)))


class DeliveryPages(Pages):
    """Shorter than others: each row may hold eight requests and answers."""

    page_size = 20
    max_page_size = 100


class Deliveries(OfKind, generics.ListAPIView[Execution]):
    """What was sent to an integration, newest first: each attempt with request and answer."""

    serializer_class = ExecutionDetailSerializer
    pagination_class = DeliveryPages
    queryset = Execution.objects.none()

    def get_queryset(self) -> QuerySet[Execution]:
        row = self.integration(Role.VIEWER)
        rows = executions_shown().filter(receiver_key=self.of_kind().key_of(row), team=row.team)
        state = self.request.query_params.get("state")
        if state and state not in ExecutionState.values:
            refuse("state", f"{quoted(state)} is no state. Choose one of: {', '.join(ExecutionState.values)}.")
        return (rows.filter(state=state) if state else rows).select_related("automation").prefetch_related("attempts")

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=ExecutionState.values)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class SinceSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="Those that failed at this moment or later.")


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many are on their way again.")


class RedeliverFailed(OfKind, APIView):
    """Deliver everything again that failed to reach an integration since a moment."""

    @extend_schema(request=SinceSerializer, responses=CountSerializer)
    def post(self, request: Request, **_: str) -> Response:
        row = self.integration(Role.ADMIN)
        sent = SinceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        key = self.of_kind().key_of(row)
        count = redelivery.redeliver_failed(key, sent.validated_data["since"], by=person(request))
        return Response({"count": count})
