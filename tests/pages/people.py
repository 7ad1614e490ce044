"""What page tests share: rows to look at, and what stands on a page."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from automations.models import Attempt, Automation, Execution
from integrations.webhook.action import DEFAULT_PAYLOAD
from tests.world import FAILED, World

PROJECT = "/acme/mnist"
NEW = f"{PROJECT}/automations/new"


def browser(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.users[name])
    return client


def bell(world: World, name: str = "bell", **values: Any) -> Automation:
    """An automation that calls the webhook `hook` when a run fails."""
    if not world.webhooks.exists():
        world.webhook("https://hooks.example.test/in/token-in-path")
    return world.automation(FAILED, name=name, **values)


def executions(automation: Automation, how_many: int, **values: Any) -> list[Execution]:
    columns = {
        "team": automation.team,
        "state": "delivered",
        "why": "the run failed",
        "subject_label": "run1",
        "subject_url": "/acme/mnist/runs/run1",
        "variables": {"run_name": "run1", "metric_value": None},
        "receiver_key": automation.receiver_key,
        **values,
    }
    return Execution.objects.bulk_create(Execution(automation=automation, **columns) for _ in range(how_many))


def attempt(execution: Execution, **values: Any) -> Attempt:
    sent = {
        "method": "POST",
        "url": "https://hooks.example.test/in",
        "headers": {"Authorization": "Bearer ********"},
        "body": '{"run": "run1"}',
    }
    reply = {"status": 503, "headers": {"Server": "nginx"}, "body": '{"busy": true}'}
    columns = {"number": 1, "started_at": timezone.now(), "detail": "The receiver answered 503.", **values}
    return Attempt.objects.create(execution=execution, request=sent, reply=reply, **columns)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def values_of(page: str, name: str) -> list[str]:
    """The values of the inputs of this name."""
    tags = re.findall(r"<input[^>]*>", page)
    return [re.search(r'value="([^"]*)"', tag)[1] for tag in tags if f'name="{name}"' in tag]  # type: ignore[index]


def typed(**more: Any) -> dict[str, Any]:
    """What a browser sends for a run that fails, with every other field as the page shows it first."""
    return {
        "name": "bell",
        "description": "",
        "cooldown_seconds_0": "24",
        "cooldown_seconds_1": "3600",
        "rate_limit": "60",
        "enabled": "on",
        "condition": "run_state",
        "run_state-states": ["failed"],
        "run_name-pattern": "",
        "run_user-username": "",
        "action": "send_webhook",
        "send_webhook-webhook": "hook",
        "send_webhook-payload": DEFAULT_PAYLOAD.replace("\n", "\r\n"),
        **more,
    }


def metric(**more: Any) -> dict[str, Any]:
    fields = {
        "condition": "metric_threshold",
        "metric_threshold-metric": "loss",
        "metric_threshold-aggregation": "average",
        "metric_threshold-window": "5",
        "metric_threshold-comparison": "gt",
        "metric_threshold-threshold": "1.5",
    }
    return typed(**{**fields, **more})
