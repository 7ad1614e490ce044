"""Sharing of webhooks over REST and in team settings: the team's rule, who uses one, and what there is to use."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.definitions.sharing import name_for, uses_by_others
from common.http.serializers import OnlyKnownFields
from integrations.webhook.api import webhook_named
from integrations.webhook.models import Webhook
from integrations.webhook.sharing import set_sharing, shares_webhooks, webhooks_elsewhere
from teams.access import team_named
from teams.accounts.signed_in import person
from teams.models import Role


class SharingSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    allowed = serializers.BooleanField(
        help_text="Whether who belongs to another team of the organization too may use the webhooks there."
    )


class UseSerializer(serializers.Serializer[Any]):
    """An automation of another team that calls the webhook, and the person of both on whose word it does."""

    team = serializers.CharField(source="team.name")
    scope = serializers.CharField(source="place", help_text="Such as vision/resnet, a project.")
    automation = serializers.CharField(source="name")
    person = serializers.CharField(source="shared_with.username", default="")


class ElsewhereSerializer(serializers.Serializer[Any]):
    """A webhook of another team; `name` is what an automation's action calls it."""

    name = serializers.SerializerMethodField(help_text="Such as vision/retrain-hook.")
    team = serializers.CharField(source="team.name")
    enabled = serializers.BooleanField()

    def get_name(self, row: Webhook) -> str:
        return name_for(row.team, row.name)


class Sharing(APIView):
    """Whether people may use the team's webhooks in other teams of theirs."""

    @extend_schema(responses=SharingSerializer)
    def get(self, request: Request, team: str) -> Response:
        found = team_named(person(request), team)
        return Response({"allowed": shares_webhooks(found.pk)})

    @extend_schema(request=SharingSerializer, responses=SharingSerializer)
    def put(self, request: Request, team: str) -> Response:
        """Change it: admins only. Forbidden, what others use ends, and their automations need attention."""
        found = team_named(person(request), team, Role.ADMIN)
        sent = SharingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response({"allowed": set_sharing(found, sent.validated_data["allowed"], by=person(request))})


class Uses(APIView):
    """What automations of other teams call the webhook, and on whose word."""

    @extend_schema(responses=UseSerializer(many=True))
    def get(self, request: Request, team: str, name: str) -> Response:
        webhook = webhook_named(request, team, name, Role.VIEWER)
        return Response(UseSerializer(uses_by_others(f"webhook:{webhook.pk}", webhook.team), many=True).data)


class Elsewhere(APIView):
    """The webhooks of other teams that you may use for this one: you are a member of both."""

    @extend_schema(responses=ElsewhereSerializer(many=True))
    def get(self, request: Request, team: str) -> Response:
        found = team_named(person(request), team)
        return Response(ElsewhereSerializer(webhooks_elsewhere(person(request), found), many=True).data)


@require_POST
@login_required
def sharing_page(request: HttpRequest, team: str) -> HttpResponse:
    """Change the team's rule from the page of its integrations."""
    found = team_named(person(request), team, Role.ADMIN)
    is_allowed = set_sharing(found, request.POST.get("allowed") == "yes", by=person(request))
    said = (
        _("People may use these webhooks in other teams of theirs.")
        if is_allowed
        else _("No other team may use these webhooks any more.")
    )
    messages.success(request, said)
    return redirect("integrations", team=found.name)


paths = [
    path("teams/<str:team>/webhook-sharing", Sharing.as_view()),
    path("teams/<str:team>/shared-webhooks", Elsewhere.as_view()),
    path("teams/<str:team>/integrations/webhook/<str:name>/uses", Uses.as_view()),
]
page_paths = [path("<str:team>/integrations/webhook-sharing", sharing_page, name="webhook_sharing")]
