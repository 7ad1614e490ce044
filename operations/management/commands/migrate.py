"""manage.py migrate: Django's, one process at a time."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from operations import migrating


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with migrating.lock(connections[options["database"]]):
            super().handle(*args, **options)
