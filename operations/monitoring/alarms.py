"""The operator's alarms: raised, settled and told by whichever process lives, web or worker, once for all of them."""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from common.data.database_clock import database_now
from events.worker_heartbeat import HEARTBEAT_FILE_VARIABLE
from operations import recurring_jobs
from operations.checks import operator_check
from operations.models import Alarm
from operations.monitoring import alarm_channels

logger = logging.getLogger(__name__)

# What nobody could be told in a day is no news.
_AGAIN_AFTER, _LONGEST = timedelta(seconds=60), timedelta(days=1)
_KEPT = timedelta(days=30)
_begun_at = time.monotonic()
_look_at = [0.0]
_one_at_a_time = threading.Lock()


def watch_from_web() -> None:
    """Look where it is time, and tell what is new. For the background thread: it may wait for receivers."""
    if _may_look():
        update_alarms()
        tell()


def watch_from_worker() -> None:
    """The same for the sweep of a worker: it tells in a thread of its own, for receivers that hang hold nobody up."""
    if os.environ.get(HEARTBEAT_FILE_VARIABLE) and _may_look():
        update_alarms()
        if _untold().exists() and not _one_at_a_time.locked():
            threading.Thread(target=_tell_in_thread, name="alarms", daemon=True).start()


def update_alarms() -> None:
    """Raise an alarm for each thing that is wrong, and settle those of what is well again."""
    now, channels = database_now(), alarm_channels.chosen()
    there = {alarm.key: alarm for alarm in Alarm.objects.filter(settled_at__isnull=True)}
    for key, text in operator_check.alarms().items():
        if text and key not in there:
            logger.error("alarm %s: %s", key, text)
            new = Alarm(key=key, text=text[:1000], raised_at=now, untold=channels)
            Alarm.objects.bulk_create([new], ignore_conflicts=True)
        elif not text and key in there:
            _settle(there[key], channels)
    Alarm.objects.filter(settled_at__lt=now - _KEPT).delete()


def tell() -> None:
    """Send what has not been sent yet, at least once; what a channel does not take is tried again for a day."""
    for alarm in _untold():
        same = Alarm.objects.filter(pk=alarm.pk, tried_at=alarm.tried_at)
        if same.update(tried_at=database_now()):
            left = [channel for channel in alarm.untold if not _sent(channel, alarm)]
            # Settled meanwhile, it has something else to say.
            Alarm.objects.filter(pk=alarm.pk, settled_at=alarm.settled_at).update(untold=left)


def open_alarms() -> QuerySet[Alarm]:
    return Alarm.objects.filter(settled_at__isnull=True).order_by("-raised_at")


def _may_look() -> bool:
    """Whether it is this process's turn. One that has just begun waits: others may be starting too."""
    now = time.monotonic()
    if now - _begun_at < settings.ALARM_SILENT_SECONDS or now < _look_at[0]:
        return False
    _look_at[0] = now + settings.ALARM_LOOK_SECONDS / 3
    return recurring_jobs.claim("alarms", every_seconds=settings.ALARM_LOOK_SECONDS)


def _settle(alarm: Alarm, channels: list[str]) -> None:
    """Close it. Those who heard nothing of it need not hear that it is over."""
    with transaction.atomic():
        row = Alarm.objects.select_for_update().get(pk=alarm.pk)
        row.untold = [channel for channel in channels if channel not in row.untold]
        row.settled_at, row.tried_at = database_now(), None
        row.save(update_fields=["untold", "settled_at", "tried_at"])


def _untold() -> QuerySet[Alarm]:
    now = database_now()
    is_due = Q(tried_at__isnull=True) | Q(tried_at__lt=now - _AGAIN_AFTER)
    recent = Q(raised_at__gt=now - _LONGEST) | Q(settled_at__gt=now - _LONGEST)
    return Alarm.objects.filter(is_due, recent).exclude(untold=[]).order_by("pk")


def _sent(channel: str, alarm: Alarm) -> bool:
    try:
        alarm_channels.send(channel, alarm)
    except alarm_channels.AlarmNotSent as error:
        logger.error("alarm %s could not be told by %s: %s", alarm.key, channel, error)
        return False
    return True


def _tell_in_thread() -> None:
    with _one_at_a_time:
        try:
            tell()
        finally:
            connection.close()
