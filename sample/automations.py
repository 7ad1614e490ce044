"""The sample's automations, and the deliveries recorded for them: nothing is sent, for there is no receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from artifacts.models import Registry
from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.services import create_automation
from automations.engine.evaluation import evaluate
from automations.models import Attempt, Automation, Execution, ExecutionState
from events.models import Event
from integrations.webhook.models import Webhook
from projects.models import Project, Run
from teams.models import Role, Team, User

WEBHOOK = "sample-receiver"
_BUSY: dict[str, Any] = {"status": 503, "headers": {"Retry-After": "5"}, "body": '{"error": "busy"}'}
_DONE: dict[str, Any] = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": '{"ok": true}'}
_GONE: dict[str, Any] = {"status": 404, "headers": {"Content-Type": "text/plain"}, "body": "no such job"}


def create_automations(project: Project, registry: Registry, user: User) -> Webhook:
    """Make the automations, before anything happens. Gives the webhook that they call."""
    team = project.team
    # Not by the service: it would resolve the name, and a new Runbell may be without a network.
    webhook = Webhook.objects.create(team=team, name=WEBHOOK, settings={"url": "https://hooks.example.com/runbell"})
    for draft in _of_runs():
        create_automation(scopes.of_project(project), draft, by=user)
    place = scopes.find(user, {"type": "registry", "name": str(registry), "team": team.name}, Role.MEMBER)
    create_automation(place, _of_models(), by=user)
    return webhook


def _of_runs() -> Iterator[AutomationDraft]:
    call = {"type": "send_webhook", "webhook": WEBHOOK}
    nan = {"type": "metric_threshold", "metric": "train/loss", "aggregation": "latest", "comparison": "not_finite"}
    yield AutomationDraft("Loss is NaN", "RUN_METRIC", [nan], call, "The run is lost: stop paying for it.")
    high = {
        "type": "metric_threshold", "metric": "train/loss", "aggregation": "average", "window": 3, "comparison": "gt",
        "threshold": 2.6,
    }  # fmt: skip
    tried = {"type": "run_name", "pattern": "^(prod|lr)-"}
    yield AutomationDraft(
        "Loss explodes", "RUN_METRIC", [high, tried], call, "Higher than at the start: it learns no more."
    )
    rise = {
        "type": "metric_change", "metric": "train/loss", "aggregation": "average", "window": 5, "prior_window": 10,
        "direction": "increase", "change": "relative", "amount": 0.5,
    }  # fmt: skip
    yield AutomationDraft("Loss jumps", "RUN_METRIC_CHANGE", [rise], call, "Half as much again as just before.")
    failed = {"type": "run_state", "states": ["failed"]}
    yield AutomationDraft("Run failed or crashed", "RUN_STATE", [failed], call, "Ask the scheduler to try once more.")
    nightly = {"type": "run_state", "states": ["finished"]}
    yield AutomationDraft("Tell of finished runs", "RUN_STATE", [nightly], call, "Too many messages.", enabled=False)


def _of_models() -> AutomationDraft:
    production = {"type": "alias", "pattern": "^production$"}
    deploy = {"type": "send_webhook", "webhook": WEBHOOK}
    return AutomationDraft(
        "Deploy what is production", "ADD_ARTIFACT_ALIAS", [production], deploy, "Rolls the new model out."
    )


def evaluate_all() -> None:
    """Let the engine judge everything that happened."""
    while evaluate():
        pass


def record_deliveries(team: Team, now: datetime) -> None:
    """Say of each execution what would have become of it, and when."""
    told = Execution.objects.filter(team=team).select_related("event", "automation").order_by("id")
    for place, execution in enumerate(told):
        at = _when(execution, now)
        execution.variables["event_time"] = at.isoformat()
        columns: dict[str, Any] = {"created_at": at, "occurred_at": at, "kept_variables": execution.variables}
        if execution.state == ExecutionState.PENDING:
            columns |= _sent(execution, at, place)
        else:
            columns["ended_at"] = at
        Execution.objects.filter(pk=execution.pk).update(**columns)
        if execution.event:
            Event.objects.filter(pk=execution.event.pk).update(occurred_at=at)
    Automation.objects.filter(team=team).update(created_at=now - timedelta(days=6), updated_at=now - timedelta(days=4))


def _when(execution: Execution, now: datetime) -> datetime:
    """Give the end of its run, or the moment half way through where a value was judged; a little ago for versions."""
    event = execution.event
    pk = event.data.get("run") if event else None
    run = Run.objects.filter(pk=pk).first() if pk else None
    if run is None or run.finished_at is None:
        return now - timedelta(hours=68 if execution.subject_label.endswith(":v0") else 2.2)
    if execution.automation.event_type == "run.state":
        return run.finished_at
    return run.created_at + (run.finished_at - run.created_at) * 0.6


def _sent(execution: Execution, at: datetime, place: int) -> dict[str, Any]:
    """Store the attempts of an execution; give its columns. One came through at the second try, one never did."""
    is_lost = execution.automation.event_type == "run.state" and "lr-" in execution.subject_label
    replies = [_GONE] if is_lost else [_BUSY, _DONE] if place % 4 == 1 else [_DONE]
    details = {503: "The receiver answered 503.", 200: "The receiver answered 200.", 404: "The receiver answered 404."}
    body = {name: value for name, value in execution.variables.items() if value not in (None, "")}
    request = {
        "method": "POST",
        "url": "https://hooks.example.com/runbell",
        "headers": {"Content-Type": "application/json", "webhook-id": execution.delivery_id},
        "body": json.dumps(body, indent=2, default=str),
    }
    moments = [at + timedelta(seconds=5 * number) for number in range(len(replies))]
    Attempt.objects.bulk_create(
        Attempt(
            execution=execution, number=number + 1, started_at=moment, seconds=0.08 + (place * 37 % 90) / 1000,
            ok=reply["status"] == 200, detail=details[reply["status"]], request=request, reply=reply,
        )
        for number, (moment, reply) in enumerate(zip(moments, replies, strict=True))
    )  # fmt: skip
    state = ExecutionState.FAILED if is_lost else ExecutionState.DELIVERED
    return {
        **Execution.ended(state, details[replies[-1]["status"]]),
        "attempts_made": len(replies),
        "ended_at": moments[-1] + timedelta(milliseconds=120),
    }
