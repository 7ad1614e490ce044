"""`runbell import wandb|mlflow|neptune SOURCE --team TEAM`: import runs that were logged elsewhere; nothing fires."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
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
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="wandb|mlflow|neptune")
        wandb = kinds.add_parser("wandb", help="A folder of runs that the wandb SDK wrote offline")
        wandb.add_argument("source", metavar="FOLDER", help="WANDB_DIR, its wandb/, or one offline-run-… of it")
        mlflow = kinds.add_parser("mlflow", help="A store of MLflow")
        mlflow.add_argument("source", metavar="STORE", help="mlruns, sqlite:///mlflow.db or postgresql://…")
        neptune = kinds.add_parser("neptune", help="What neptune-exporter wrote")
        neptune.add_argument("source", metavar="FOLDER", help="Its --data-path, or the folder that has it as data/")
        neptune.add_argument("--files", type=Path, help="Its --files-path, where that is not files/ beside the data")
        for one in (wandb, mlflow, neptune):
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
            with _RUNS[asked.kind](asked) as runs:
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
def _wandb_runs(asked: Namespace) -> Iterator[Iterable[ImportedRun]]:
    yield runs_in_folder(Path(asked.source), project=asked.project, by_reference=asked.reference)


@contextmanager
def _mlflow_runs(asked: Namespace) -> Iterator[Iterable[ImportedRun]]:
    """Give the runs of a store; a database is open meanwhile."""
    options = MLflowOptions(project=asked.project, by_reference=asked.reference)
    if is_database(asked.source):
        with runs_in_database(asked.source) as found:
            yield (imported_run(one, options) for one in found)
    else:
        yield (imported_run(one, options) for one in mlflow_runs_in_folder(Path(asked.source)))


@contextmanager
def _neptune_runs(asked: Namespace) -> Iterator[Iterable[ImportedRun]]:
    """Give the runs of an export. Whoever imports nothing of Neptune needs no pyarrow."""
    try:
        neptune = import_module("importers.neptune.run_mapping")
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise UnreadableSource(_NO_PYARROW) from None
    options = neptune.NeptuneOptions(project=asked.project, files=asked.files, by_reference=asked.reference)
    yield neptune.runs_in_export(Path(asked.source), options)


_NO_PYARROW = (
    "Neptune's exports are Parquet, which is read with pyarrow, and that is not installed here. "
    "Install Runbell with its extra parquet (pip install '.[parquet]'), or pyarrow beside it."
)
_RUNS = {"wandb": _wandb_runs, "mlflow": _mlflow_runs, "neptune": _neptune_runs}
