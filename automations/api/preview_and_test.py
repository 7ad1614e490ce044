"""Tests and previews over REST: of any action before it is saved, and of an automation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import automation_numbered, may_see
from automations.actions import action as actions
from automations.api.automations import event_named
from automations.api.plugin_fields import ActionField
from automations.delivery import trial_delivery
from common.data.validation_errors import refuse
from common.http.serializers import OnlyKnownFields
from common.plugins import UnknownKey
from events import event_types
from events.event_types import EventType
from events.models import Event
from teams.access import team_named
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role, Team

_SAMPLES = "Whose samples to use, such as RUN_STATE."


class SentTestSerializer(serializers.Serializer[Any]):
    """What went out and what came back; secrets are masked in both."""

    ok = serializers.BooleanField()
    detail = serializers.CharField()
    seconds = serializers.FloatField()
    request = serializers.DictField(allow_null=True)
    reply = serializers.DictField(allow_null=True)


class ActionSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    team = serializers.CharField(help_text="Whose integrations and secrets the action uses.")
    action = ActionField(help_text='As in an automation, such as {"type": "do_nothing"}.')
    event = serializers.CharField(required=False, help_text=_SAMPLES)


class TestAction(APIView):
    """Do what an action does, now, with sample values: 200 with what was sent and answered, whatever that was."""

    key_scope = KeyScope.AUTOMATIONS

    @extend_schema(operation_id="automations_test_draft", request=ActionSerializer, responses={200: SentTestSerializer})
    def post(self, request: Request) -> Response:
        sent = ActionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        team = team_named(person(request), sent.validated_data["team"], Role.MEMBER)
        event = event_of(sent.validated_data)
        action = trial_delivery.action_of(sent.validated_data["action"], team, event)
        return Response(trial_delivery.result_of_test(trial_delivery.send_test(action, team, event)))


class TestAutomation(APIView):
    """Do what an automation does, now, with the samples of its event. Its history does not change."""

    key_scope = KeyScope.AUTOMATIONS

    @extend_schema(request=None, responses={200: SentTestSerializer})
    def post(self, request: Request, pk: int) -> Response:
        automation = automation_numbered(person(request), pk, Role.MEMBER)
        try:
            event = event_types.registry.get(automation.event_type)
            action = actions.registry.get(automation.action_type)(automation.action)
        except UnknownKey as error:
            refuse("action", f"{error}. Save the automation again to repair it.")
        return Response(trial_delivery.result_of_test(trial_delivery.send_test(action, automation.team, event)))


class PreviewActionSerializer(ActionSerializer):
    event = serializers.CharField(help_text="Such as RUN_STATE.")
    event_id = serializers.IntegerField(required=False, help_text="A past event; left out: the samples.")


class PreviewAction(APIView):
    """See what an action would send, with secrets masked. Nothing is sent."""

    key_scope = KeyScope.READ

    @extend_schema(request=PreviewActionSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        sent = PreviewActionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        team = team_named(person(request), sent.validated_data["team"], Role.MEMBER)
        event, past = event_named(sent.validated_data["event"]), past_event(request, sent.validated_data, team)
        action = trial_delivery.action_of(sent.validated_data["action"], team, event)
        return Response({"body": trial_delivery.preview(action, team, event, past)})


def event_of(sent: dict[str, Any]) -> type[EventType] | None:
    return event_named(sent["event"]) if "event" in sent else None


def past_event(request: Request, sent: dict[str, Any], team: Team) -> Event | None:
    number = sent.get("event_id")
    if number is None:
        return None
    event = Event.objects.filter(pk=number, team=team).first()
    if event is None or not may_see(person(request), event):
        refuse("event_id", f"There is no event {number} in the team {team.name}.")
    return event
