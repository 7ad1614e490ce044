"""The dead man's switch: a heartbeat to an address of the operator, which stops when any link of the work does.

It is an event like any other, of a team that has no people: published by a worker, judged by the engine, delivered by a
webhook. So it stops where workers, the queue, the database or the way out does, and comes late behind a backlog.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from automations.definitions import scopes, services
from automations.definitions.draft_validation import AutomationDraft
from automations.models import Automation, Execution
from common.data.database_clock import database_now
from events.models import Event
from integrations.webhook.models import Webhook
from operations import recurring_jobs
from projects.models import Project, Run, RunState
from projects.runs.alerts import RUN_ALERTED, alert_run
from teams.models import Organization, Team

# No name that people can give: it is in nobody's way.
NAME = "(operator)"
_HEARTBEAT = "heartbeat"
# Soon after each other: behind the next heartbeat an old one says nothing.
_RETRY_SECONDS = [0, 5, 10]
_KEPT = timedelta(days=1)


def send_heartbeat() -> None:
    """Send a heartbeat, where the operator has named an address and it is time for one. For the sweep."""
    if not settings.DEADMAN_URL:
        return
    if not recurring_jobs.claim("dead_mans_switch", every_seconds=settings.DEADMAN_SECONDS):
        return
    run, automation = _prepared()
    alert_run(run, title="Runbell is alive", text="", level="INFO")
    _forget(run, automation)


def _prepared() -> tuple[Run, Automation]:
    """Give what a heartbeat needs, made where it is not there, and mended where it is not as it should be."""
    with transaction.atomic():
        organization, _ = Organization.objects.get_or_create(name=NAME)
        team, _ = Team.objects.get_or_create(name=NAME, defaults={"organization": organization})
        project, _ = Project.objects.get_or_create(team=team, name=_HEARTBEAT)
        # It has ended, so that its silence between two heartbeats is no crash.
        run, _ = Run.objects.get_or_create(project=project, name=_HEARTBEAT, defaults={"state": RunState.FINISHED})
        _keep_webhook(team)
        automation = Automation.objects.filter(team=team, deleted_at__isnull=True).first()
        if automation is None:
            automation = services.create_automation(scopes.of_project(project), _draft(), by=None)
    return run, automation


def _keep_webhook(team: Team) -> None:
    """Let it go where the setting says now; one that was given up is tried again, for nobody else would enable it."""
    webhook = Webhook.objects.filter(team=team).first() or Webhook(team=team, name=_HEARTBEAT)
    if webhook.pk and webhook.url == settings.DEADMAN_URL and webhook.enabled:
        return
    webhook.url, webhook.retry_seconds, webhook.enabled = settings.DEADMAN_URL, _RETRY_SECONDS, True
    webhook.disabled_reason, webhook.failing_since = "", None
    webhook.save()


def _draft() -> AutomationDraft:
    action = {"type": "send_webhook", "webhook": _HEARTBEAT, "payload": '{"runbell": "alive"}'}
    return AutomationDraft(name=_HEARTBEAT, event="RUN_ALERT", conditions=[], action=action, cooldown_seconds=0)


def _forget(run: Run, automation: Automation) -> None:
    before = database_now() - _KEPT
    Execution.objects.filter(automation=automation, created_at__lt=before).delete()
    Event.objects.filter(kind=RUN_ALERTED, stream=run.stream_key, occurred_at__lt=before).delete()
