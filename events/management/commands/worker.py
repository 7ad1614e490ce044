"""Command `manage.py worker`: run the engine until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string
from setproctitle import setproctitle

from common.processes import start_checks
from common.processes.child_processes import StopSignal
from events.worker_supervisor import supervise
from secrets_vault import rotation

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Judge events and deliver, until SIGTERM or Ctrl-C. Run as many as you like, on any host."

    def handle(self, *args: Any, **options: Any) -> None:
        setproctitle("runbell worker")
        # Also with --skip-checks.
        start_checks.refuse_dangerous()
        for problem in rotation.problems():
            logger.warning("%s", problem)
        supervise(
            settings.DATA_DIR,
            beside=import_string(settings.SUPERVISOR_BACKGROUND),
            stale_seconds=settings.WORKER_STALE_SECONDS,
            stop_seconds=settings.STOP_SECONDS,
            stop=StopSignal(),
        )
