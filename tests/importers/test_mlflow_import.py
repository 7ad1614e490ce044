"""Import from MLflow: what a store holds is here as if it had been logged here, and nobody is told."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_httpserver import HTTPServer

from artifacts.lineage import input_versions, output_versions
from artifacts.models import Entry, Version, VersionFile
from artifacts.services import unlink
from automations.models import Execution
from automations.tasks import work
from events.models import Event
from importers.artifact_import import import_run_file
from importers.imported_run import ImportedFile
from importers.mlflow.run_mapping import MetricPoint, plain_value, rows_of_points
from importers.source_names import project_name
from projects.file_storage.services import read_file
from projects.history.reading import past_values, rows_of
from projects.models import HistoryChunk, Project, Run, RunState
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import mark_crashed
from projects.runs.timeline import run_timeline
from tests.importers.mlflow_stores import (
    MINUTE,
    NOON,
    TABLES,
    StoredLineage,
    StoredRun,
    falling,
    insert_runs,
    write_database,
    write_folder,
)
from tests.world import FAILED, World, threshold

RUN_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
STORES: dict[str, Callable[..., Any]] = {"folder": write_folder, "database": write_database}


def import_store(source: object, *options: str) -> tuple[str, str]:
    """Import into acme; give what was said, and the progress."""
    out, err = StringIO(), StringIO()
    call_command("import", "mlflow", str(source), "--team", "acme", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture(params=STORES)
def write(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return STORES[request.param]


def test_a_run_is_here_as_it_was_there(world: World, tmp_path: Path, write: Callable[..., Any]) -> None:
    run = StoredRun(
        RUN_ID,
        metrics={**falling(0.5, 0.25), "val/acc": [(NOON, 0.1, 0), (NOON + MINUTE, math.nan, 1)]},
        params={"lr": "0.01", "layers": "3", "optimizer": "adam", "nesterov": "True"},
        tags={"mlflow.note.content": "a first try", "mlflow.source.name": "train.py", "owner": "vision", "prod": ""},
    )
    said, progress = import_store(write(tmp_path, run))
    found = Run.objects.get(project__name="digits", project__team=world.team)
    assert (found.name, found.display_name, found.state, found.user) == (
        RUN_ID, "bright-cat-12", RunState.FAILED, world.users["bob"],
    )  # fmt: skip
    assert found.config == {"lr": 0.01, "layers": 3, "optimizer": "adam", "nesterov": True}
    assert (found.tags, found.notes, found.program) == (["owner=vision", "prod"], "a first try", "train.py")
    rows = list(rows_of(found))
    assert rows[0] == {"_step": 0, "_timestamp": NOON / 1000, "loss": 0.5, "val/acc": 0.1}
    assert rows[1]["loss"] == 0.25
    assert math.isnan(rows[1]["val/acc"])
    assert found.summary["loss"] == 0.25
    assert [entry.state for entry in run_timeline(found)] == ["running", "failed"]
    assert (found.finished_at - found.created_at).total_seconds() == 30 * 60  # type: ignore[operator]
    assert said.startswith("1 runs: 1 new, 0 there already. New: 2 rows,")
    assert progress == f"1 of 1: digits/{RUN_ID}: new, 2 rows\n"


def test_nothing_fires_and_what_would_have_is_said(world: World, tmp_path: Path, receiver: HTTPServer) -> None:
    world.webhook(receiver.url_for("/hook"))
    project = Project.objects.create(team=world.team, name="digits")
    world.project = project
    world.automation(threshold(), event="RUN_METRIC", name="loss is high")
    world.automation(FAILED, name="failed")
    said, _ = import_store(write_folder(tmp_path, StoredRun(RUN_ID, falling(0.5, 3.0, 0.1))))
    work()
    mark_crashed()
    work()
    assert not Execution.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()
    assert receiver.log == []
    assert said.splitlines()[1:] == [
        "No automation fired. Had they listened then:",
        "failed: would have fired once",
        "  2026-03-01 12:30 bright-cat-12: the run failed",
        "loss is high: would have fired once",
        "  2026-03-01 12:02 bright-cat-12: 3 > 1",
    ]


def test_a_second_import_finds_nothing_new(world: World, tmp_path: Path, write: Callable[..., Any]) -> None:
    run = StoredRun(RUN_ID, falling(*range(500)), files={"model.txt": "weights"})
    store = write(tmp_path, run)
    import_store(store)
    before = [model.objects.count() for model in (Run, HistoryChunk, Event, Version)]
    said, progress = import_store(store)
    assert "1 runs: 0 new, 1 there already. New: 0 rows, 0 versions" in said
    assert progress.endswith("nothing new\n")
    assert [model.objects.count() for model in (Run, HistoryChunk, Event, Version)] == before
    assert not Run.objects.get().differing_rows


def test_a_run_that_went_on_gets_the_rest_and_its_end(world: World, tmp_path: Path, write: Callable[..., Any]) -> None:
    (tmp_path / "later").mkdir()
    import_store(write(tmp_path, StoredRun(RUN_ID, falling(3, 2), status="RUNNING", end_time=None)))
    found = Run.objects.get()
    # Nobody sends its heartbeats here: it is not running, and so is not found silent either.
    assert (found.state, mark_crashed()) == (RunState.CRASHED, 0)
    store = write(tmp_path / "later", StoredRun(RUN_ID, falling(3, 2, 1), status="FINISHED"))
    assert "1 runs: 0 new, 0 there already. New: 1 rows" in import_store(store)[0]
    found.refresh_from_db()
    assert (found.state, found.summary["loss"], found.rows_logged) == (RunState.FINISHED, 1, 3)
    assert [entry.state for entry in run_timeline(found)] == ["running", "finished"]


def test_windows_of_a_run_that_goes_on_here_reach_into_what_was_imported(
    world: World, tmp_path: Path, receiver: HTTPServer
) -> None:
    world.webhook(receiver.url_for("/hook"))
    world.project = Project.objects.create(team=world.team, name="digits")
    world.automation(threshold(aggregation="average", window=3, threshold=1.0), event="RUN_METRIC")
    import_store(write_folder(tmp_path, StoredRun(RUN_ID, falling(1, 1))))
    run = Run.objects.get()
    assert past_values(run.pk, "history", "loss", before=run.rows_logged, count=5) == [1, 1]
    ingest_rows(run, 2, [{"_step": 2, "loss": 4}])
    work()
    assert [execution.why for execution in Execution.objects.all()] == ["2 > 1"]


@pytest.mark.parametrize("store", STORES)
def test_artifacts_are_copied(world: World, tmp_path: Path, store: str) -> None:
    import_store(STORES[store](tmp_path, StoredRun(RUN_ID, files={"model/weights.bin": "abc", "plot.txt": "x"})))
    version = Version.objects.get()
    assert (str(version.collection), version.run, version.file_count) == (
        f"acme/digits/run-{RUN_ID}-artifacts", Run.objects.get(), 2,
    )  # fmt: skip
    content = VersionFile.objects.get(path="model/weights.bin").content
    assert content is not None
    assert read_file(content) == b"abc"


@pytest.mark.parametrize("store", STORES)
def test_data_sets_models_and_what_the_registry_got_keep_their_lineage(
    world: World, tmp_path: Path, store: str, receiver: HTTPServer
) -> None:
    world.webhook(receiver.url_for("/hook"))
    world.project = Project.objects.create(team=world.team, name="digits")
    world.automation(event="CREATE_ARTIFACT")
    maker, user = RUN_ID, RUN_ID[::-1]
    # The model is used by a run that comes before its maker.
    source = STORES[store](tmp_path, StoredRun(user), StoredRun(maker, files={"model/weights.bin": "abc"}))
    lineage = StoredLineage(maker, user)
    lineage.add_to_folder(source) if store == "folder" else lineage.add_to_database(tmp_path)
    _said, told = import_store(source)
    assert "not kept" not in told
    made, used = Run.objects.get(name=maker), Run.objects.get(name=user)
    assert sorted(str(version) for version in output_versions(made)) == [
        "acme/digits/digits:v0", "acme/digits/digits:v1", "acme/digits/net:v0", f"acme/digits/run-{maker}-artifacts:v0",
    ]  # fmt: skip
    assert [str(version) for version in input_versions(made)] == ["acme/digits/iris:v0"]
    assert [str(version) for version in input_versions(used)] == ["acme/digits/net:v0"]
    assert VersionFile.objects.get(version__collection__name="iris").reference == "https://data.test/iris"
    entries = Entry.objects.filter(collection__registry__name="model").order_by("index")
    assert [(str(entry.version), entry.alias_names) for entry in entries] == [
        ("acme/digits/digits:v0", []), ("acme/digits/digits:v1", ["champion", "latest"]),
    ]  # fmt: skip
    # What was unlinked here stays so, and nobody is told.
    unlink(entries[0])
    import_store(source)
    work()
    assert (entries.all().count(), receiver.log, Execution.objects.count()) == (1, [], 0)


def test_artifacts_stay_where_they_are_by_reference(world: World, tmp_path: Path) -> None:
    store = write_folder(tmp_path, StoredRun(RUN_ID, files={"model.bin": "abc"}))
    import_store(store, "--reference")
    file = VersionFile.objects.get()
    assert (file.reference, file.content) == ((store / "417" / RUN_ID / "artifacts" / "model.bin").as_uri(), None)


def test_a_link_among_the_artifacts_copies_no_other_file(world: World, tmp_path: Path) -> None:
    store = write_folder(tmp_path, StoredRun(RUN_ID, files={"model.bin": "abc"}))
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("secret")
    artifacts = store / "417" / RUN_ID / "artifacts"
    (artifacts / "link").symlink_to(tmp_path / "private" / "key")
    (artifacts / "folder").symlink_to(tmp_path / "private")
    import_store(store)
    assert [file.path for file in VersionFile.objects.all()] == ["model.bin"]


def test_artifacts_that_are_a_link_themselves_copy_nothing(world: World, tmp_path: Path) -> None:
    store = write_folder(tmp_path, StoredRun(RUN_ID, files={"model.bin": "abc"}))
    artifacts = store / "417" / RUN_ID / "artifacts"
    artifacts.rename(tmp_path / "private")
    artifacts.symlink_to(tmp_path / "private")
    import_store(store)
    assert not VersionFile.objects.exists()


def test_a_store_that_names_our_own_files_gets_none_of_them(world: World, tmp_path: Path, settings: Any) -> None:
    run, settings.DATA_DIR = world.run("other"), tmp_path / "data"
    for name in ("secret.key", "runbell.sqlite3-wal", "artifacts/1/content", "mine.txt"):
        (settings.DATA_DIR / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.DATA_DIR / name).write_text("ours")
    (settings.DATA_DIR / "link").symlink_to(settings.DATA_DIR / "secret.key")
    for name in ("secret.key", "runbell.sqlite3-wal", "artifacts/1/content", "link", "."):
        with pytest.raises(OSError, match="is of Runbell itself|is no file"):
            import_run_file(run, ImportedFile("x", content=settings.DATA_DIR / name))
    store = write_folder(tmp_path, StoredRun(RUN_ID))
    meta = store / "417" / RUN_ID / "meta.yaml"
    meta.write_text(f"{meta.read_text()}\nartifact_uri: {settings.DATA_DIR}\n")
    _said, problems = import_store(store)
    assert ("is of Runbell itself" in problems, VersionFile.objects.exists()) == (True, False)


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_store_in_postgresql_is_read_too(world: World, tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("there is a PostgreSQL only where the tests run on one")
    said = connection.settings_dict
    address = f"//{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT']}/{said['NAME']}"
    address = f"postgresql{{}}:{address}?options=-csearch_path%3Dmlflow"
    with psycopg.connect(address.format("")) as server:
        server.execute("CREATE SCHEMA mlflow")
        server.execute(TABLES)
        insert_runs(server.execute, tmp_path, [StoredRun(RUN_ID, falling(2, math.nan))], "digits")
    try:
        # With the driver that SQLAlchemy names there.
        import_store(address.format("+psycopg2"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA mlflow CASCADE")
    first, second = rows_of(Run.objects.get())
    assert (first["loss"], math.isnan(second["loss"])) == (2, True)


def test_one_run_that_cannot_be_kept_does_not_stop_the_others(world: World, tmp_path: Path) -> None:
    store = write_folder(tmp_path, StoredRun("un/usable".replace("/", "%"), falling(1)), StoredRun(RUN_ID, falling(1)))
    said, progress = import_store(store)
    assert said.startswith("1 runs: 1 new")
    assert "not kept: digits/un%usable: 'un%usable' is no usable run id" in progress


@pytest.mark.parametrize(
    ("source", "said"),
    [("nothing", "is no folder of MLflow"), ("sqlite:///nothing.db", "There is no file nothing.db")],
)
def test_a_source_that_is_none_is_refused_and_nothing_is_made(
    world: World, tmp_path: Path, source: str, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        import_store(source)
    assert not Run.objects.exists()


def test_a_database_that_is_none_of_mlflow_is_refused(world: World, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cats (name TEXT)")
    with pytest.raises(CommandError, match="cannot be read as a database of MLflow: no such table"):
        import_store(f"sqlite:///{tmp_path / 'other.db'}")


def test_a_line_that_is_none_is_named(world: World, tmp_path: Path) -> None:
    store = write_folder(tmp_path, StoredRun(RUN_ID, falling(1, 2)))
    with (store / "417" / RUN_ID / "metrics" / "loss").open("a") as lines:
        lines.write("half a\n")
    with pytest.raises(CommandError, match="metrics/loss: line 3 says no time, value and step"):
        import_store(store)


# Pure ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("1e-3", 0.001),
        ("True", True),
        ("None", None),
        ("007x", "007x"),
        ("", ""),
        ("1e999", "1e999"),
    ],
)
def test_a_parameter_is_what_it_plainly_says(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


@pytest.mark.parametrize(
    ("experiment", "name"),
    [("digits", "digits"), ("/Users/bob@acme.test/digits", "-Users-bob@acme.test-digits"), ("..", "mlflow")],
)
def test_an_experiment_names_a_project_as_addresses_can_hold_it(experiment: str, name: str) -> None:
    assert project_name(experiment, "mlflow") == name


def test_values_without_steps_are_numbered_by_their_time() -> None:
    points = [MetricPoint("loss", float(value), NOON + value, 0) for value in (3, 1, 2)]
    assert [(row["_step"], row["loss"]) for row in rows_of_points(points)] == [(0, 1), (1, 2), (2, 3)]


def test_what_was_logged_at_one_time_is_one_row() -> None:
    points = [MetricPoint("loss", 1.0, NOON, 0), MetricPoint("acc", 0.5, NOON, 0), MetricPoint("acc", 0.6, NOON + 1, 1)]
    assert list(rows_of_points(points)) == [
        {"_step": 0, "_timestamp": NOON / 1000, "loss": 1.0, "acc": 0.5},
        {"_step": 1, "_timestamp": (NOON + 1) / 1000, "acc": 0.6},
    ]
