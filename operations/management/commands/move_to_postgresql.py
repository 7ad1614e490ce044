"""manage.py move_to_postgresql URL: from SQLite to PostgreSQL."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from operations.moving.to_postgresql import move


class Command(BaseCommand):
    help = "Copy everything from SQLite into an empty PostgreSQL database. Stop Runbell first. See docs/operate.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "url", help="postgres://user:password@host:5432/name; - reads it from the standard input, unseen by others."
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        moved = move(sys.stdin.readline().strip() if url == "-" else url, self.stdout.write)
        speed = moved.rows / max(moved.seconds, 0.001)
        self.stdout.write(
            f"Moved {moved.rows} rows of {moved.tables} tables in {moved.seconds:.1f} s ({speed:.0f} a second). "
            "Set DATABASE_URL to that address and start Runbell; keys and files stay where they are. "
            "The SQLite database is as it was: keep it until you have looked."
        )
