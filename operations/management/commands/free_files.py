"""manage.py free_files: garbage collection of contents that no version and no run points at any more."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from projects.file_storage.garbage_collection import free_files


class Command(BaseCommand):
    help = "Free stored files that nothing points at any more. Runbell does so itself, each hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=10_000, help="Stop after so many.")

    def handle(self, *args: Any, limit: int, **options: Any) -> None:
        self.stdout.write(f"Freed {free_files(limit)} files.")
