"""`runbell export team|project NAME FILE`: take a team or a project along, in one archive."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from operations.archives import archive_jobs
from operations.archives.export import JSON_LINES, PARQUET, ExportScope, history_format, write_export
from projects.models import Project
from teams.models import Team


class Command(BaseCommand):
    help = "Export a team or a project into one archive, which `runbell import-archive` reads. Secrets are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", choices=["team", "project"])
        parser.add_argument("name", nargs="?", default="", help="Such as acme, or acme/mnist")
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--format", choices=[PARQUET, JSON_LINES], default="", help="Of the history")
        parser.add_argument("--waiting", action="store_true", help="Do what people asked for on pages and over REST")

    def handle(self, *args: Any, kind: str | None, name: str, file: Path | None, **options: Any) -> None:
        if options["waiting"]:
            archive_jobs.run_waiting()
            return
        if kind is None or file is None:
            raise CommandError("Say what to export and where to: runbell export project acme/mnist mnist.tar")
        if file.exists():
            raise CommandError(f"{file} is there already. Choose another name, or move it away.")
        try:
            manifest = write_export(_scope(kind, name), file, format=history_format(options["format"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        for table, count in manifest["counts"].items():
            self.stdout.write(f"{count:>12,}  {table.replace('_', ' ')}")
        listed = manifest["to_be_set"]
        names = [*listed["secrets"], *(one["name"] for one in listed["integrations"])]
        self.stdout.write(f"Not in it, to be set where it is imported: {', '.join(names) or 'nothing'}")


def _scope(kind: str, name: str) -> ExportScope:
    team, _slash, own = name.partition("/")
    found = Team.objects.select_related("organization").filter(name=team).first()
    project = Project.objects.filter(team=found, name=own).select_related("team").first() if found and own else None
    if found is None or (project is None) is (kind == "project"):
        raise CommandError(f"There is no {kind} {name!r}. Write it as {'TEAM' if kind == 'team' else 'TEAM/PROJECT'}.")
    return ExportScope(found, project)
