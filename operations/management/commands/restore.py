"""manage.py restore FILE: a backup into an empty place."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.backup.restore import restore


class Command(BaseCommand):
    help = "Restore a backup into an empty database and data folder, and say what it will send again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="What `backup` wrote.")
        parser.add_argument(
            "--hold", action="store_true", help="Set aside what waits to be sent or judged; people deliver it again."
        )

    def handle(self, *args: Any, file: Path, hold: bool, **options: Any) -> None:
        try:
            said = restore(file, held=hold)
        except OSError as error:
            raise CommandError(f"{file} could not be restored: {error}") from None
        self.stdout.write("\n".join([f"Restored {file}.", *said]))
