"""Automations as code, over REST."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations import code
from automations.access import automations_of
from automations.api import place_in, project_in
from teams.models import Role
from teams.people import person


class DocumentSerializer(serializers.Serializer[Any]):
    automations = serializers.ListField(child=serializers.DictField())


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
        return Response(code.export(rows))


class Apply(APIView):
    """Make what a document says, all or nothing; with `plan=true` only say what that would do."""

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
                steps = code.plan(request.data, find, prune=prune)
            else:
                steps = code.apply(request.data, find, by=person(request), prune=prune)
        except code.Unusable as error:
            raise ValidationError({path: [text] for path, text in error.problems.items()}) from None
        return Response([asdict(step) for step in steps])


def _finder(request: Request) -> code.FindPlace:
    """Find the places whose automations this person may change; 403 and 404 as everywhere."""
    return lambda scope: place_in(request, scope, Role.MEMBER)
