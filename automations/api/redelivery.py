"""Delivering an execution again, over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import execution_numbered
from automations.api.serializers import ExecutionDetailSerializer
from automations.definitions import scopes
from automations.delivery import redelivery
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class Redeliver(APIView):
    """Deliver one execution again: the same id and body, tried again as a new one is."""

    key_scope = KeyScope.AUTOMATIONS

    @extend_schema(request=None, responses=ExecutionDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        execution = execution_numbered(person(request), pk)
        scopes.require(person(request), execution.automation, Role.MEMBER)
        return Response(ExecutionDetailSerializer(redelivery.redeliver(execution, by=person(request))).data)
