"""Import of what neptune-exporter wrote: what is in it is here as if it had been logged here, and nobody is told."""

from __future__ import annotations

import math
import sys
import tracemalloc
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from artifacts.models import Version, VersionFile
from automations.models import Execution
from automations.tasks import work
from events.models import Event
from importers.neptune.exported_values import SeriesPoint
from importers.neptune.sorted_rows import sorted_rows
from projects.file_storage.services import read_file
from projects.history.console_output import output_lines
from projects.history.reading import rows_of
from projects.models import HistoryChunk, Project, Run, RunState
from projects.runs.lifecycle import mark_crashed
from projects.runs.timeline import run_timeline
from tests.importers.neptune_exports import NOON, StoredRun, falling, sanitized, write_export
from tests.world import FAILED, World, threshold

RUN_ID = "DIG-1"
AT = NOON.timestamp()


def import_export(source: Path, *options: str) -> tuple[str, str]:
    """Import into acme; give what was said, and the progress."""
    out, err = StringIO(), StringIO()
    call_command("import", "neptune", str(source), "--team", "acme", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def a_whole_run() -> StoredRun:
    return StoredRun(
        RUN_ID,
        values={
            "sys/name": "bright cat", "sys/failed": True, "sys/tags": ["prod", "nightly"],
            "sys/description": "a first try",
            "parameters/lr": 0.01, "parameters/layers": 3, "parameters/optimizer": "adam", "parameters/nesterov": True,
            "dataset/made_at": NOON, "dataset/classes": ["b", "a"],
        },
        series={**falling(0.5, 0.25), "val/acc": [(0, 0.1), (1, math.nan)], "monitoring/cpu": [(0.5, 12.5)]},
        texts={"samples": [(1, "seven")], "monitoring/stdout": [(1, "second\n"), (0, "first\n")]},
        histograms={"weights": [(1, {"type": "COUNTING", "edges": [0.0, 1.0, 2.0], "values": [3.0, 4.0]})]},
    )  # fmt: skip


def test_a_run_is_here_as_it_was_there(world: World, tmp_path: Path) -> None:
    said, progress = import_export(write_export(tmp_path, a_whole_run(), parts=3))
    run = Run.objects.get(project__name="digits", project__team=world.team)
    assert (run.name, run.display_name, run.state, run.exit_code) == (RUN_ID, "bright cat", RunState.FAILED, 1)
    assert (run.user, run.tags, run.notes) == (world.users["bob"], ["nightly", "prod"], "a first try")
    assert run.config == {
        "parameters/lr": 0.01, "parameters/layers": 3, "parameters/optimizer": "adam", "parameters/nesterov": True,
        "dataset/made_at": NOON.isoformat(), "dataset/classes": ["a", "b"],
    }  # fmt: skip
    first, second = rows_of(run)
    assert first == {"_step": 0, "_timestamp": AT, "train/loss": 0.5, "val/acc": 0.1}
    assert math.isnan(second.pop("val/acc"))
    assert second == {
        "_step": 1, "_timestamp": AT + 60, "train/loss": 0.25, "samples": "seven",
        "weights": {"_type": "histogram", "bins": [0, 1, 2], "values": [3, 4]},
    }  # fmt: skip
    assert [chunk.rows for chunk in run.chunks.filter(stream="system")] == [
        [{"_wandb": True, "_timestamp": AT + 30, "_runtime": 30, "system.cpu": 12.5}]
    ]
    assert list(output_lines(run)) == ["first", "second"]
    assert [entry.state for entry in run_timeline(run)] == ["running", "failed"]
    assert (run.created_at, (run.finished_at - run.created_at).total_seconds()) == (NOON, 1800)  # type: ignore[operator]
    assert said.startswith("1 runs: 1 new, 0 there already. New: 3 rows,")
    assert progress == f"1 of 1: digits/{RUN_ID}: new, 3 rows\n"


def test_nothing_fires_and_what_would_have_is_said(world: World, tmp_path: Path) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.project = Project.objects.create(team=world.team, name="digits")
    world.automation(threshold(metric="train/loss"), event="RUN_METRIC", name="loss is high")
    world.automation(FAILED, name="failed")
    said, _ = import_export(write_export(tmp_path, StoredRun(RUN_ID, {"sys/failed": True}, falling(0.5, 3.0, 0.1))))
    work()
    mark_crashed()
    work()
    assert not Execution.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()
    assert said.splitlines()[1:] == [
        "No automation fired. Had they listened then:",
        "failed: would have fired once",
        f"  2026-03-01 12:30 {RUN_ID}: the run failed",
        "loss is high: would have fired once",
        f"  2026-03-01 12:02 {RUN_ID}: 3 > 1",
    ]


def test_a_second_import_finds_nothing_new_and_a_fresh_export_brings_the_rest(world: World, tmp_path: Path) -> None:
    run = StoredRun(RUN_ID, {}, falling(*range(500)), files={"model": ("model.bin", "weights")})
    source = write_export(tmp_path / "one", run)
    import_export(source)
    before = [model.objects.count() for model in (Run, HistoryChunk, Event, Version)]
    said, progress = import_export(source)
    assert "1 runs: 0 new, 1 there already. New: 0 rows, 0 versions" in said
    assert progress.endswith("nothing new\n")
    assert [model.objects.count() for model in (Run, HistoryChunk, Event, Version)] == before
    later = StoredRun(RUN_ID, {}, {**falling(*range(510)), "val/acc": [(505, 0.5)]})
    assert "0 there already. New: 10 rows" in import_export(write_export(tmp_path / "two", later, parts=2))[0]
    found = Run.objects.get()
    assert ([row["_step"] for row in rows_of(found)], found.differing_rows) == (list(range(510)), {})


def test_forks_are_kept_whichever_comes_first(world: World, tmp_path: Path) -> None:
    child = StoredRun("A-child", {"sys/forking/parent": "parent", "sys/forking/step": 1.0}, {"train/loss": [(2, 9.0)]})
    orphan = StoredRun("orphan", {"sys/forking/parent": "gone", "sys/forking/step": 1}, {"train/loss": [(2, 8.0)]})
    _said, told = import_export(write_export(tmp_path, child, orphan, StoredRun("parent", {}, falling(3.0, 2.0, 1.0))))
    found = {run.name: run for run in Run.objects.all()}
    assert [row["train/loss"] for row in rows_of(found["A-child"])] == [3, 2, 9]
    assert (found["A-child"].branch["run"], found["A-child"].branch["step"]) == ("parent", 1)
    assert (found["orphan"].branch["run"], [row["train/loss"] for row in rows_of(found["orphan"])]) == ("gone", [8])
    assert "digits/orphan: without the rows of its parent: There is no run 'gone'" in told


def test_steps_between_whole_numbers_stay(world: World, tmp_path: Path) -> None:
    import_export(write_export(tmp_path, StoredRun(RUN_ID, {}, {"loss": [(0.25, 2.0), (0.5, 1.0)]})))
    assert [row["_step"] for row in rows_of(Run.objects.get())] == [0.25, 0.5]


def a_run_with_files() -> StoredRun:
    return StoredRun(
        RUN_ID,
        files={"model": (f"{RUN_ID}/model.bin", "weights"), "data/set.csv": (f"{RUN_ID}/data/set.csv", "1,2")},
        file_series={"plots/roc": [(0, f"{RUN_ID}/roc/0.png", "zero"), (1.5, f"{RUN_ID}/roc/1_5.png", "one")]},
    )


def test_files_are_copied_under_the_names_of_their_attributes(world: World, tmp_path: Path) -> None:
    import_export(write_export(tmp_path, a_run_with_files()))
    version = Version.objects.get()
    assert (str(version.collection), version.run) == (f"acme/digits/run-{RUN_ID}-files", Run.objects.get())
    files = {file.path: file.content for file in VersionFile.objects.all()}
    assert sorted(files) == ["data/set.csv", "model.bin", "plots/roc/0.png", "plots/roc/1.5.png"]
    assert read_file(files["plots/roc/1.5.png"]) == b"one"  # type: ignore[arg-type]


def test_files_elsewhere_are_named_and_may_stay(world: World, tmp_path: Path) -> None:
    source = write_export(tmp_path / "export", a_run_with_files())
    (source / "files").rename(tmp_path / "cold")
    _said, told = import_export(source / "data")
    assert f"4 files: there is no folder {source}/files" in told
    import_export(source / "data", "--files", str(tmp_path / "cold"), "--reference")
    model = VersionFile.objects.get(path="model.bin")
    assert (model.content, model.reference) == (
        None, (tmp_path / "cold" / sanitized("vision/digits") / RUN_ID / "model.bin").as_uri(),
    )  # fmt: skip


def test_no_path_leads_out_of_the_folder_of_files(world: World, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    run = StoredRun(
        RUN_ID,
        files={"good": ("good.txt", "x"), "up": ("../../key", "secret"), "gone": ("gone.txt", ""), "link": ("l", "")},
    )
    source = write_export(tmp_path, run)
    files = source / "files" / sanitized("vision/digits")
    (files / "gone.txt").unlink()
    (files / "l").unlink()
    (files / "l").symlink_to(tmp_path / "key")
    _said, told = import_export(source)
    assert [file.path for file in VersionFile.objects.all()] == ["good.txt"]
    for name in ("up", "gone", "link"):
        assert f"not kept: digits/{RUN_ID}: file {name}: " in told


def test_two_workspaces_are_told_apart(world: World, tmp_path: Path) -> None:
    write_export(tmp_path, StoredRun(RUN_ID))
    write_export(tmp_path, StoredRun(RUN_ID), project="text/digits")
    with pytest.raises(CommandError, match="text/digits and vision/digits would be one project here"):
        import_export(tmp_path)
    for project in ("text/digits", "vision/digits"):
        import_export(tmp_path / "data" / sanitized(project), "--project", project.replace("/", "-"))
    assert sorted(str(run.project) for run in Run.objects.all()) == ["acme/text-digits", "acme/vision-digits"]


def test_what_is_no_export_is_refused_and_nothing_is_made(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no export of Neptune. Name the folder"):
        import_export(tmp_path)
    source = write_export(tmp_path, StoredRun(RUN_ID, {}, falling(1.0)))
    (file,) = source.rglob("*.parquet")
    whole = file.read_bytes()
    for content, why in ((whole[:-9], "cannot be read as Parquet"), (b"", "cannot be read as Parquet")):
        file.write_bytes(content)
        with pytest.raises(CommandError, match=why):
            import_export(source)
    assert not Run.objects.exists()


def test_without_pyarrow_the_extra_is_named(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("importers.neptune.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CommandError, match="Install Runbell with its extra parquet"):
        import_export(tmp_path)


# Pure ----------------------------------------------------------------------------------------------


def test_a_long_history_is_never_in_memory_as_a_whole() -> None:
    count = 200_000
    points = (SeriesPoint("loss", "float_series", float(step), step, step / 7) for step in reversed(range(count)))
    tracemalloc.start()
    steps = sum(1 for row in sorted_rows(points, started_at=0) if row["loss"] == row["_step"] / 7)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # As objects they would be 60 MB.
    assert (steps, peak < 5_000_000) == (count, True)


def test_what_says_no_time_was_logged_at_the_start() -> None:
    points = [SeriesPoint("a", "float_series", None, None, 1.0), SeriesPoint("a", "float_series", 0.0, None, 2.0)]
    assert list(sorted_rows(points, started_at=5000)) == [
        {"_step": 0, "_timestamp": 5, "a": 1.0},
        {"_step": 0, "_timestamp": 5, "a": 2.0},
    ]
