"""REST: automations as code (YAML export, plan, apply)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import automations_of
from automations.api.automations import place_in, project_in
from automations.api.serializers import AutomationSerializer
from automations.definitions import as_code
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role


class AutomationAsCodeSerializer(AutomationSerializer):
    """An automation as a document holds it: without what Runbell alone writes."""

    id = sentence = problem = created_at = updated_at = None  # type: ignore[assignment]


class DocumentSerializer(serializers.Serializer[Any]):
    automations = AutomationAsCodeSerializer(many=True)


class StepSerializer(serializers.Serializer[Any]):
    verb = serializers.ChoiceField(choices=["create", "change", "delete", "unchanged"])
    scope = serializers.CharField()
    name = serializers.CharField()
    changes = serializers.DictField(help_text="Each changed field with its old and its new value.")


class Export(APIView):
    """Automations as a document that can be applied again, here or elsewhere."""

    @extend_schema(responses=DocumentSerializer, parameters=[OpenApiParameter("project", str)])
    def get(self, request: Request) -> Response:
        rows = automations_of(person(request)).order_by("scope", "name")
        name = request.query_params.get("project")
        if name:
            rows = rows.filter(project=project_in(request, name, "project", Role.VIEWER))
        return Response(as_code.export(rows))


class Apply(APIView):
    """Make what a document says, all or nothing; with `plan=true` only say what that would do."""

    key_scope = KeyScope.AUTOMATIONS

    @extend_schema(
        request=DocumentSerializer,
        responses=StepSerializer(many=True),
        parameters=[
            OpenApiParameter("plan", bool, description="Only show the plan."),
            OpenApiParameter("prune", bool, description="Delete what stands in its scopes and not in it."),
        ],
    )
    def post(self, request: Request) -> Response:
        prune = request.query_params.get("prune") == "true"
        find = _finder(request)
        try:
            if request.query_params.get("plan") == "true":
                steps = as_code.plan(request.data, find, prune=prune)
            else:
                steps = as_code.apply(request.data, find, by=person(request), prune=prune)
        except as_code.UnusableDocument as error:
            raise ValidationError({path: [text] for path, text in error.problems.items()}) from None
        return Response([asdict(step) for step in steps])


def _finder(request: Request) -> as_code.FindPlace:
    """Find the places whose automations this person may change; 403 and 404 as everywhere."""
    return lambda scope: place_in(request, scope, Role.MEMBER)
