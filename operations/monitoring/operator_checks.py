"""What the operator of an installation is to be told: each check gives its keys, and what is wrong with which."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from automations.delivery import claims
from automations.models import Execution, ExecutionState
from common.data.database_clock import database_now
from events import ledger, task_queue, worker_heartbeat
from integrations.models import Integration
from operations import recurring_jobs
from operations.monitoring import key_fingerprints
from secrets_vault import rotation

# By the key of the matter: what is wrong with it, or an empty text where all is well. What was not looked at is absent.
Findings = Mapping[str, str]
# For so long a delivery that failed for good is news.
_NEWS = timedelta(hours=1)
_MOST_NAMED = 5
# It opens every secret there is.
_KEYS_EACH_SECONDS = 3600


def findings() -> Findings:
    """Look at everything."""
    return {key: text for check in _CHECKS for key, text in check().items()}


def _workers() -> Findings:
    age = worker_heartbeat.youngest_seconds()
    text = ""
    if age is None:
        text = _("No worker has given a sign of life. Start one: `runbell worker`.")
    elif age > settings.ALARM_SILENT_SECONDS:
        text = _("All workers are silent since %(seconds)d s: nothing is judged or sent.") % {"seconds": age}
    return {"worker_silent": text}


def _backlog() -> Findings:
    events, deliveries = ledger.oldest_seconds(), claims.oldest_due_seconds()
    most = settings.ALARM_BACKLOG_SECONDS
    judged = _("An event has waited to be judged for %(seconds)d s.") % {"seconds": events}
    sent = _("A delivery that is due has waited to be sent for %(seconds)d s.") % {"seconds": deliveries}
    return {"backlog_events": judged if events > most else "", "backlog_deliveries": sent if deliveries > most else ""}


def _receivers() -> Findings:
    since = database_now() - timedelta(seconds=settings.ALARM_FAILING_SECONDS)
    failing = Integration.objects.filter(enabled=True, failing_since__lt=since).select_related("team")
    names = [f"{row.team.name}/{row.kind}/{row.name}" for row in failing.order_by("failing_since")[:_MOST_NAMED]]
    if not names:
        return {"receivers_failing": ""}
    said = {"count": failing.count(), "names": ", ".join(names)}
    return {"receivers_failing": _("%(count)d receivers only fail, such as %(names)s.") % said}


def _executions() -> Findings:
    failed = Execution.objects.filter(state=ExecutionState.FAILED, ended_at__gt=database_now() - _NEWS)
    count = failed.count()
    if not count:
        return {"executions_failed": ""}
    newest = failed.select_related("automation", "team").order_by("-ended_at")[0]
    said = {"count": count, "automation": f"{newest.team.name}/{newest.automation.name}", "reason": newest.reason}
    text = _("%(count)d deliveries failed for good in the last hour; the newest of %(automation)s: %(reason)s")
    return {"executions_failed": text % said}


def _disk() -> Findings:
    usage = shutil.disk_usage(settings.DATA_DIR)
    percent = 100 * usage.free / usage.total
    said = {"percent": percent, "host": platform.node(), "gigabytes": usage.free / 2**30}
    text = _("The disk of the data folder on %(host)s is nearly full: %(percent).1f %% (%(gigabytes).1f GiB) are free.")
    # Each host has its own: another one must not settle it.
    return {f"disk:{platform.node()[:64]}": text % said if percent < settings.ALARM_DISK_PERCENT else ""}


def _broker() -> Findings:
    away = _("Redis does not answer. Work goes on, found by a sweep each second.")
    return {"broker_away": "" if task_queue.is_answering() else away}


def _keys() -> Findings:
    if not recurring_jobs.claim("alarm_keys", every_seconds=_KEYS_EACH_SECONDS):
        return {}
    return {"vault_keys": " ".join(rotation.problems())}


def _host_keys() -> Findings:
    return {"host_keys": " ".join(key_fingerprints.problems_of_all())}


_CHECKS: tuple[Callable[[], Findings], ...] = (
    _workers, _backlog, _receivers, _executions, _disk, _broker, _keys, _host_keys,
)  # fmt: skip
