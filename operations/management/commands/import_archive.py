"""`runbell import-archive FILE --team TEAM`: import an exported project or team into a team of this installation."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.data.validation_errors import TooMuch
from operations.archives.archive_import import ArchiveReport, RefusedArchive
from operations.archives.importing import import_archive
from teams.models import Team, User


class Command(BaseCommand):
    help = "Import what `runbell export` wrote. Nothing fires; it may run twice, and goes on where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--team", required=True, help="The team that gets it; make it first")
        parser.add_argument("--user", default="", help="Who imports: on their word automations use what is others'")

    def handle(self, *args: Any, file: Path, team: str, user: str, **options: Any) -> None:
        found = Team.objects.select_related("organization").filter(name=team).first()
        if found is None:
            raise CommandError(f"There is no team {team!r}. Name one that is there.")
        by = User.objects.filter(username=user).first()
        if user and by is None:
            raise CommandError(f"There is no user {user!r}.")
        try:
            report = import_archive(file, found, by=by)
        except RefusedArchive as error:
            raise CommandError(str(error)) from None
        except TooMuch as error:
            raise CommandError(f"{' '.join(error.messages)} The same import goes on where this one stopped.") from None
        self._say(report)

    def _say(self, report: ArchiveReport) -> None:
        for problem in report.problems:
            self.stderr.write(problem)
        for name, created in report.created.items():
            self.stdout.write(f"{created:>12,} new  {report.there[name]:>10,} there already  {name.replace('_', ' ')}")
        for secret in report.to_be_set["secrets"]:
            self.stdout.write(f"to be set: the secret {secret}")
        for one in report.to_be_set["integrations"]:
            self.stdout.write(f"to be set: the integration {one['name']} ({one['kind']})")
