"""What was delivered to a webhook over REST, and delivering it again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations import redelivery, scopes
from automations.access import execution_numbered
from automations.models import Execution, State
from automations.serializers import ExecutionDetailSerializer
from common.pagination import Pages
from common.refusals import quoted, refuse
from common.serializers import OnlyKnownFields
from integrations.api import webhook_named
from integrations.providers.webhook import endpoint_of
from teams.models import Role
from teams.people import person


class DeliveryPages(Pages):
    """Shorter than others: each row may hold eight requests and answers."""

    page_size = 20
    max_page_size = 100


class Deliveries(generics.ListAPIView[Execution]):
    """What was sent to a webhook, newest first: each attempt with request and answer."""

    serializer_class = ExecutionDetailSerializer
    pagination_class = DeliveryPages
    queryset = Execution.objects.none()

    def get_queryset(self) -> QuerySet[Execution]:
        webhook = webhook_named(self.request, self.kwargs["team"], self.kwargs["name"], Role.VIEWER)
        rows = Execution.objects.filter(target=endpoint_of(webhook).key, team=webhook.team)
        state = self.request.query_params.get("state")
        if state and state not in State.values:
            refuse("state", f"{quoted(state)} is no state. Choose one of: {', '.join(State.values)}.")
        return (rows.filter(state=state) if state else rows).select_related("automation").prefetch_related("attempts")

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=State.values)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class Redeliver(APIView):
    """Deliver one execution again: the same id and body, tried again as a new one is."""

    @extend_schema(request=None, responses=ExecutionDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        execution = execution_numbered(person(request), pk)
        scopes.require(person(request), execution.automation, Role.MEMBER)
        return Response(ExecutionDetailSerializer(redelivery.redeliver(execution, by=person(request))).data)


class SinceSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="Those that failed at this moment or later.")


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many are on their way again.")


class RedeliverFailed(APIView):
    """Deliver everything again that failed to reach a webhook since a moment."""

    @extend_schema(request=SinceSerializer, responses=CountSerializer)
    def post(self, request: Request, team: str, name: str) -> Response:
        webhook = webhook_named(request, team, name, Role.ADMIN)
        sent = SinceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        target = endpoint_of(webhook).key
        count = redelivery.redeliver_failed(target, sent.validated_data["since"], by=person(request))
        return Response({"count": count})
