"""manage.py backup FILE: all of an installation in one file, while it runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operations.backup.backup import back_up


class Command(BaseCommand):
    help = "Back up database, files and, on wish, keys into one file, while Runbell runs. See docs/operate.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The tar to write; it must not be there yet.")
        parser.add_argument(
            "--with-keys", action="store_true", help="Put the keys in too: who has the file then reads every secret."
        )
        parser.add_argument(
            "--files",
            choices=("copied", "listed"),
            default="listed" if settings.FILES_ELSEWHERE else "copied",
            help="Copy the files of artifacts and runs, or list them (as is done where they stand in S3).",
        )

    def handle(self, *args: Any, file: Path, with_keys: bool, files: str, **options: Any) -> None:
        try:
            count = back_up(file, with_keys=with_keys, with_files=files == "copied")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror or error}") from None
        self.stdout.write(f"Wrote {file}: {file.stat().st_size / 2**20:.1f} MiB.")
        self.stdout.write(f"{count.listed} files of artifacts and runs are listed, {count.copied} copied.")
        if count.missing:
            self.stdout.write(f"{count.missing} files were not where they should be, or were deleted meanwhile.")
        if not with_keys:
            self.stdout.write("The keys are not in it: keep secret.key and fernet.key, or what you gave, elsewhere.")
