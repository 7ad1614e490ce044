"""manage.py demo: see it fire, as `make demo` does."""

from __future__ import annotations

import importlib.util
import runpy
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Start a Runbell of its own, train twice, and print what reached a receiver. Nothing of it stays."
    # It looks at no data of ours: what it starts has a folder of its own.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if importlib.util.find_spec("sklearn") is None:
            raise CommandError(
                "The demo trains with scikit-learn, which is not installed. It comes with the extra `examples`: "
                "pip install '.[examples]' in a checkout, or pip install scikit-learn."
            )
        runpy.run_path(str(settings.BASE_DIR / "examples" / "demo.py"), run_name="__main__")
