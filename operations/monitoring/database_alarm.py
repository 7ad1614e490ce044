"""The alarm while the database is away: what is told then is kept in memory, and its channels are settings.

Web and worker each look, and of those on one host one tells: it holds a lock on a file, which the kernel frees
whatever becomes of that process.
"""

from __future__ import annotations

import fcntl
import logging
import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from operations.checks.examination import database_answers
from operations.models import Alarm
from operations.monitoring import alarm_channels

logger = logging.getLogger(__name__)
KEY = "database_away"
_LOCK = "database-alarm.lock"
_AGAIN_SECONDS = 60.0


@dataclass
class _Outage:
    """One that goes on, and who has been told of it."""

    begun_at: datetime = field(default_factory=timezone.now)
    since: float = field(default_factory=time.monotonic)
    told: set[str] = field(default_factory=set)
    tried: float = -_AGAIN_SECONDS
    lock: int = -1


class DatabaseAlarm:
    """Looks now and then, tells each channel once, and once more when it is over."""

    def __init__(self) -> None:
        self._outage: _Outage | None = None
        self._look_at = 0.0

    def watch(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + settings.ALARM_LOOK_SECONDS / 3
        if database_answers():
            self._settle()
            return
        self._outage = self._outage or _Outage()
        if time.monotonic() - self._outage.since >= settings.ALARM_SILENT_SECONDS and _holds_lock(self._outage):
            self._tell(self._outage)

    def _tell(self, outage: _Outage) -> None:
        left = [channel for channel in alarm_channels.chosen() if channel not in outage.told]
        if not left or time.monotonic() - outage.tried < _AGAIN_SECONDS:
            return
        outage.tried = time.monotonic()
        said = {"host": platform.node(), "seconds": time.monotonic() - outage.since}
        text = _("The database does not answer on %(host)s since %(seconds)d s: nothing is taken in, judged or sent.")
        alarm = Alarm(key=KEY, text=text % said, raised_at=outage.begun_at)
        if not outage.told:
            logger.error("alarm %s: %s", KEY, alarm.text)
        outage.told |= {channel for channel in left if _sent(channel, alarm)}

    def _settle(self) -> None:
        outage, self._outage = self._outage, None
        if outage is None:
            return
        text = _("The database answers again on %(host)s.") % {"host": platform.node()}
        alarm = Alarm(key=KEY, text=text, raised_at=outage.begun_at, settled_at=timezone.now())
        for channel in outage.told:
            _sent(channel, alarm)
        _free(outage)

    def close(self) -> None:
        """Let another process tell what there is to tell."""
        if self._outage is not None:
            _free(self._outage)


_alarm = DatabaseAlarm()
watch = _alarm.watch


def _holds_lock(outage: _Outage) -> bool:
    if outage.lock >= 0:
        return True
    handle = -1
    try:
        handle = os.open(settings.DATA_DIR / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    except OSError:
        # Such as a full disk: told twice is better than not at all.
        with suppress(OSError):
            os.close(handle)
        return True
    outage.lock = handle
    return True


def _free(outage: _Outage) -> None:
    if outage.lock >= 0:
        os.close(outage.lock)
        outage.lock = -1


def _sent(channel: str, alarm: Alarm) -> bool:
    try:
        alarm_channels.send(channel, alarm)
    except alarm_channels.AlarmNotSent as error:
        logger.error("alarm %s could not be told by %s: %s", KEY, channel, error)
        return False
    return True
