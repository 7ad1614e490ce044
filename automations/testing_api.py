"""Tests and previews over REST: of any action before it is saved, of an automation, and of a webhook."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations import action as actions
from automations import testing
from automations.access import automation_numbered, may_see
from automations.actions.send_slack import channel_action
from automations.actions.send_webhook import webhook_action
from automations.api import event_named
from common.refusals import refuse
from common.registry import UnknownKey
from common.serializers import OnlyKnownFields
from events import types
from events.models import Event
from events.types import EventType
from integrations import api as integrations
from integrations import slack_api as slack
from teams.access import team_named
from teams.models import Role, Team
from teams.people import person

_SAMPLES = "Whose samples to use, such as RUN_STATE."


class SentTestSerializer(serializers.Serializer[Any]):
    """What went out and what came back; secrets are masked in both."""

    ok = serializers.BooleanField()
    detail = serializers.CharField()
    seconds = serializers.FloatField()
    request = serializers.DictField(allow_null=True)
    reply = serializers.DictField(allow_null=True)


class ActionSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    team = serializers.CharField(help_text="Whose webhooks, Slack channels and secrets the action uses.")
    action = serializers.DictField(help_text='As in an automation, such as {"type": "do_nothing"}.')
    event = serializers.CharField(required=False, help_text=_SAMPLES)


class TestAction(APIView):
    """Do what an action does, now, with sample values: 200 with what was sent and answered, whatever that was."""

    @extend_schema(operation_id="automations_test_draft", request=ActionSerializer, responses={200: SentTestSerializer})
    def post(self, request: Request) -> Response:
        sent = ActionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        team = team_named(person(request), sent.validated_data["team"], Role.MEMBER)
        event = _event(sent.validated_data)
        action = testing.action_of(sent.validated_data["action"], team, event)
        return Response(testing.shown(testing.send_test(action, team, event)))


class TestAutomation(APIView):
    """Do what an automation does, now, with the samples of its event. Its history does not change."""

    @extend_schema(request=None, responses={200: SentTestSerializer})
    def post(self, request: Request, pk: int) -> Response:
        automation = automation_numbered(person(request), pk, Role.MEMBER)
        try:
            event = types.registry.get(automation.event_type)
            action = actions.registry.get(automation.action_type)(automation.action)
        except UnknownKey as error:
            refuse("action", f"{error}. Save the automation again to repair it.")
        return Response(testing.shown(testing.send_test(action, automation.team, event)))


class PreviewActionSerializer(ActionSerializer):
    event = serializers.CharField(help_text="Such as RUN_STATE.")
    event_id = serializers.IntegerField(required=False, help_text="A past event; left out: the samples.")


class PreviewAction(APIView):
    """See what an action would send, with secrets masked. Nothing is sent."""

    @extend_schema(request=PreviewActionSerializer, responses={200: dict})
    def post(self, request: Request) -> Response:
        sent = PreviewActionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        team = team_named(person(request), sent.validated_data["team"], Role.MEMBER)
        event, past = event_named(sent.validated_data["event"]), _past(request, sent.validated_data, team)
        action = testing.action_of(sent.validated_data["action"], team, event)
        return Response({"body": testing.preview(action, team, event, past)})


class TestSerializer(OnlyKnownFields, serializers.Serializer[Any]):
    payload = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, default="")
    event = serializers.CharField(required=False, help_text=_SAMPLES)


class TestWebhook(APIView):
    """Send a test to a webhook, now: 200 with what was sent and answered, whatever that was."""

    @extend_schema(request=TestSerializer, responses={200: SentTestSerializer})
    def post(self, request: Request, team: str, name: str) -> Response:
        webhook = integrations.webhook_named(request, team, name, Role.ADMIN)
        sent = TestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        event = _event(sent.validated_data)
        action = webhook_action(webhook, sent.validated_data["payload"], event)
        return Response(testing.shown(testing.send_test(action, webhook.team, event)))


class TestSlackChannel(APIView):
    """Post a test to a Slack channel, now: 200 with what was sent and answered, whatever that was."""

    @extend_schema(request=None, responses={200: SentTestSerializer})
    def post(self, request: Request, team: str, name: str) -> Response:
        channel = slack.channel_named(request, team, name, Role.ADMIN)
        return Response(
            testing.shown(testing.send_test(channel_action(channel), channel.team, event_named("RUN_STATE")))
        )


class PreviewSerializer(serializers.Serializer[Any]):
    payload = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, default="")
    event = serializers.CharField(help_text="Such as RUN_STATE.")
    event_id = serializers.IntegerField(required=False, help_text="A past event; left out: the samples.")


class PreviewPayload(APIView):
    """See what would be sent to a webhook, with secrets masked. Nothing is sent."""

    @extend_schema(request=PreviewSerializer, responses={200: dict})
    def post(self, request: Request, team: str, name: str) -> Response:
        webhook = integrations.webhook_named(request, team, name, Role.MEMBER)
        sent = PreviewSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        past = _past(request, sent.validated_data, webhook.team)
        event = event_named(sent.validated_data["event"])
        action = webhook_action(webhook, sent.validated_data["payload"], event)
        return Response({"body": testing.preview(action, webhook.team, event, past)})


def _event(sent: dict[str, Any]) -> type[EventType] | None:
    return event_named(sent["event"]) if "event" in sent else None


def _past(request: Request, sent: dict[str, Any], team: Team) -> Event | None:
    number = sent.get("event_id")
    if number is None:
        return None
    event = Event.objects.filter(pk=number, team=team).first()
    if event is None or not may_see(person(request), event):
        refuse("event_id", f"There is no event {number} in the team {team.name}.")
    return event
