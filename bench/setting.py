"""What a bench runs against: a new Runbell, with a worker where it needs one, and a receiver where it asks for it."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import django
from django.core.management import call_command

from bench.receiver import Receiver

ROOT = Path(__file__).resolve().parent.parent


class Setting:
    @cached_property
    def receiver(self) -> Receiver:
        receiver = Receiver()
        atexit.register(receiver.stop)
        return receiver


@contextmanager
def prepared() -> Iterator[Setting]:
    """Give a migrated database in a temporary folder, and nobody who works on it."""
    with tempfile.TemporaryDirectory(prefix="runbell-bench-") as folder:
        os.environ |= {"RUNBELL_DATA_DIR": folder, "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        yield Setting()


@contextmanager
def started() -> Iterator[Setting]:
    """Give a prepared setting with `manage.py worker` on it."""
    with prepared() as setting, working():
        yield setting


@contextmanager
def working() -> Iterator[None]:
    """Have `manage.py worker` at work on what is prepared."""
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
