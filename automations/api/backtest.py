"""REST: backtest and explain, before saving and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automations.access import automation_with_what_it_hears
from automations.api.automations import place_in
from automations.api.serializers import AutomationSerializer
from automations.definitions.services import unsaved
from automations.engine.loaded_automation import UnreadableAutomation
from automations.insight.backtest import BacktestResult, backtest
from automations.insight.explain import Explanation, explain, latest_about
from automations.models import Automation
from common.data.numbers import whole
from common.data.strict_json import strict
from common.data.validation_errors import quoted, refuse
from common.plugins import UnknownKey
from events.models import Event
from projects.access import run_named
from teams.accounts.key_scopes import KeyScope
from teams.accounts.signed_in import person
from teams.models import Role

MOST_DAYS = 365
_SINCE = OpenApiParameter("days", int, description=f"How far to backtest: 1 to {MOST_DAYS} days (30).")


class FiringSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    subject_label = serializers.CharField()
    subject_url = serializers.CharField()
    why = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    step = serializers.FloatField(allow_null=True)
    recovered = serializers.BooleanField()
    subject_key = serializers.CharField()


class BacktestSerializer(serializers.Serializer[Any]):
    summary = serializers.CharField()
    fired = serializers.IntegerField()
    suppressed = serializers.IntegerField(
        help_text="Would have fired but for the cooldown or the rate limit, or came late."
    )
    judged = serializers.IntegerField(help_text="How many events were looked at.")
    subjects = serializers.IntegerField(help_text="How many runs or versions these were about.")
    failures = serializers.ListField(child=serializers.CharField())
    firings = FiringSerializer(many=True)
    by_day = serializers.DictField(
        child=serializers.IntegerField(), help_text="How often it fired on each day, in UTC."
    )
    reached = serializers.DateTimeField(allow_null=True, help_text="How far it came; null: it saw everything.")


class BacktestDraft(APIView):
    """Backtest with an automation that is not saved: send what you would create."""

    key_scope = KeyScope.READ

    @extend_schema(
        operation_id="automations_backtest_draft",
        request=AutomationSerializer,
        responses=BacktestSerializer,
        parameters=[_SINCE],
    )
    def post(self, request: Request) -> Response:
        sent = AutomationSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        place = place_in(request, sent.validated_data["scope"], Role.VIEWER)
        return Response(_backtest_answer(request, unsaved(place, sent.draft())))


class Backtest(APIView):
    """Backtest with a saved automation."""

    key_scope = KeyScope.READ

    @extend_schema(request=None, responses=BacktestSerializer, parameters=[_SINCE])
    def post(self, request: Request, pk: int) -> Response:
        return Response(_backtest_answer(request, automation_with_what_it_hears(person(request), pk)))


class Explain(APIView):
    """Why an automation fired, or did not: for one event, or for the last events of a run."""

    @extend_schema(
        responses={200: list[dict[str, Any]]},
        parameters=[
            OpenApiParameter("event", int, description="The number of an event."),
            OpenApiParameter("run", str, description="The name of a run of the automation's project."),
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        automation = automation_with_what_it_hears(person(request), pk)
        events = self._events(request, automation)
        with _refusing_what_cannot_be_read():
            found = [explain(automation, event) for event in events]
        return Response([strict(asdict(one)) for one in found if isinstance(one, Explanation)])

    def _events(self, request: Request, automation: Automation) -> list[Event]:
        event, run = request.query_params.get("event", ""), request.query_params.get("run")
        if run and automation.project:
            project = automation.project
            named = run_named(person(request), project.team.name, project.name, run)
            return latest_about(automation, named.stream_key)
        if not event.isascii() or not event.isdigit():
            remedy = "event=123, or run=NAME" if automation.project else "event=123"
            refuse("event", f"{quoted(event)} is no event's number. Give {remedy}.")
        # Of any team: in a registry or an organization others make happen what it hears. `explain` checks the scope.
        return list(Event.objects.filter(pk=int(event[:18])))


def _backtest_answer(request: Request, automation: Automation) -> dict[str, Any]:
    days = _days(request)
    until = timezone.now()
    with _refusing_what_cannot_be_read():
        found = backtest(automation, until - timedelta(days=days), until)
    return {**strict(asdict(found)), "summary": _summary(found, days)}


@contextmanager
def _refusing_what_cannot_be_read() -> Iterator[None]:
    try:
        yield
    except (UnreadableAutomation, UnknownKey) as error:
        refuse("automation", str(error))


def _summary(found: BacktestResult, days: int) -> str:
    times = "once" if found.fired == 1 else f"{found.fired} times"
    return f"In the last {days} days this would have fired {times}."


def _days(request: Request) -> int:
    value = request.query_params.get("days", "30")
    days = whole(value, least=1, most=MOST_DAYS)
    if days is None:
        refuse("days", f"{quoted(value)} is no number of days from 1 to {MOST_DAYS}.")
    return days
