"""`runbell import wandb|mlflow SOURCE --team TEAM`: import runs from where they were logged before; nothing fires."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.data.validation_errors import TooMuch
from importers.import_session import ImportReport, import_runs
from importers.imported_backtest import backtest_lines
from importers.imported_run import ImportedRun, UnreadableSource
from importers.mlflow.database_store import is_database, runs_in_database
from importers.mlflow.folder_store import runs_in_folder as mlflow_runs_in_folder
from importers.mlflow.run_mapping import MLflowOptions, imported_run
from importers.wandb_offline.offline_run import runs_in_folder
from teams.models import Team, User


class Command(BaseCommand):
    help = (
        "Import runs that were logged elsewhere. No automation fires; it may run twice, and goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="wandb|mlflow")
        wandb = kinds.add_parser("wandb", help="A folder of runs that the wandb SDK wrote offline")
        wandb.add_argument("source", metavar="FOLDER", help="WANDB_DIR, its wandb/, or one offline-run-… of it")
        mlflow = kinds.add_parser("mlflow", help="A store of MLflow")
        mlflow.add_argument("source", metavar="STORE", help="mlruns, sqlite:///mlflow.db or postgresql://…")
        for one in (wandb, mlflow):
            one.add_argument("--team", required=True, help="The team that gets the runs")
            one.add_argument("--project", default="", help="One project for all, instead of those of the source")
            one.add_argument("--user", default="", help="Who imports: named as the maker of versions")
            one.add_argument(
                "--reference", action="store_true", help="Leave the files of artifacts where they are, and name them"
            )
            one.add_argument("--no-backtest", action="store_true", help="Do not say what automations would have said")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Namespace(**options)
        team = Team.objects.select_related("organization").filter(name=asked.team).first()
        if team is None:
            raise CommandError(f"There is no team {asked.team!r}. Name one that is there.")
        by = User.objects.filter(username=asked.user).first()
        if asked.user and by is None:
            raise CommandError(f"There is no user {asked.user!r}.")
        try:
            with _runs(asked) as runs:
                report = import_runs(team, runs, by=by, tell=self.stderr.write)
        except (UnreadableSource, OSError) as error:
            raise CommandError(str(error)) from None
        except TooMuch as error:
            raise CommandError(f"{' '.join(error.messages)} The same import goes on where this one stopped.") from None
        self._say(report, asked)

    def _say(self, report: ImportReport, asked: Namespace) -> None:
        for problem in report.problems:
            self.stderr.write(f"not kept: {problem}")
        self.stdout.write(report.sentence)
        lines = [] if asked.no_backtest else list(backtest_lines(report))
        if lines:
            self.stdout.write("No automation fired. Had they listened then:")
            self.stdout.write("\n".join(lines))


@contextmanager
def _runs(asked: Namespace) -> Iterator[Iterable[ImportedRun]]:
    """Give the runs of the source that was named; a database is open meanwhile."""
    if asked.kind == "wandb":
        yield runs_in_folder(Path(asked.source), project=asked.project, by_reference=asked.reference)
        return
    options = MLflowOptions(project=asked.project, by_reference=asked.reference)
    if is_database(asked.source):
        with runs_in_database(asked.source) as found:
            yield (imported_run(one, options) for one in found)
    else:
        yield (imported_run(one, options) for one in mlflow_runs_in_folder(Path(asked.source)))
