"""Import of runs that the real SDK wrote offline: what is in the folder is here, and nobody is told."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import textwrap
import zlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from wandb.proto import wandb_internal_pb2 as pb

from artifacts.lineage import input_versions, output_versions
from artifacts.models import VersionFile
from automations.models import Execution
from automations.tasks import work
from events.models import Event
from importers.imported_run import UnreadableSource
from importers.wandb_offline.log_file import read_records
from importers.wandb_offline.wire_format import DamagedMessage, Message
from projects.file_storage.services import read_file
from projects.history.console_output import output_lines
from projects.history.reading import rows_of
from projects.models import Run, RunState
from tests.world import World, threshold

SCRIPT = """
import math, wandb
wandb.init(
    project="mnist", id="first", name="first try", config={"lr": 0.1, "net": {"depth": 3}},
    tags=["prod", "nightly"], group="sweep", job_type="train", notes="hello", mode="offline",
)
for step in range(300):
    wandb.log({"loss": 300.0 - step, "val": {"acc": step}, "text": "x" * 300})
wandb.log({"loss": math.nan, "histogram": wandb.Histogram([1, 2, 3])})
wandb.run.summary["best"] = 0.7
wandb.run.summary["net"] = {"depth": {"used": 2}}
wandb.config.update({"lr": 0.2}, allow_val_change=True)
wandb.alert("High", "the loss", level="WARN")
print("printed")
with open("weights.bin", "w") as file:
    file.write("weights")
model = wandb.Artifact("model", "model", metadata={"kind": "small"})
model.add_file("weights.bin")
model.add_reference("https://example.com/data", name="data", checksum=False)
wandb.log_artifact(model, aliases=["best"])
wandb.save("weights.bin", policy="now")
wandb.finish(exit_code=3)
"""


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a script that logged a run offline."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    places = {f"WANDB_{name}_DIR": str(folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "ARTIFACT")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "RUNBELL_"))}
    environment = {**kept, **places, "HOME": str(folder), "WANDB_DIR": str(folder), "WANDB_ERROR_REPORTING": "false"}
    subprocess.run([sys.executable, "script.py"], cwd=folder, env=environment, capture_output=True, timeout=120)
    return folder


def import_folder(folder: Path, *options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import", "wandb", str(folder), "--team", "acme", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_an_offline_run_is_here_as_its_script_logged_it(world: World, written: Path) -> None:
    import_folder(written)
    run = Run.objects.get(name="first")
    assert (run.display_name, run.group, run.job_type, run.notes) == ("first try", "sweep", "train", "hello")
    assert (run.tags, run.config) == (["prod", "nightly"], {"lr": 0.2, "net": {"depth": 3}})
    assert (run.state, run.exit_code, run.program.endswith("script.py")) == (RunState.FAILED, 3, True)
    rows = list(rows_of(run))
    assert [row["_step"] for row in rows] == list(range(301))
    assert (rows[7]["loss"], rows[7]["val"]) == (293, {"acc": 7})
    assert rows[300]["histogram"]["_type"] == "histogram"
    assert (run.summary["val.acc"], run.shown_summary["best"]) == (299, 0.7)
    assert run.shown_summary["net"] == {"depth": {"used": 2}}
    assert run.created_at.timestamp() <= rows[0]["_timestamp"]
    assert "printed" in list(output_lines(run))
    assert run.chunks.filter(stream="system").exists()


def test_its_files_and_artifacts_are_copied(world: World, written: Path) -> None:
    import_folder(written)
    files = {file.path: file for file in VersionFile.objects.filter(version__collection__name="model")}
    assert files["data"].reference == "https://example.com/data"
    assert files["weights.bin"].content is not None
    assert read_file(files["weights.bin"].content) == b"weights"
    assert files["data"].version.metadata == {"kind": "small"}
    assert files["data"].version.entries.get().alias_names == ["best", "latest"]
    saved = Run.objects.get(name="first").files.get(name="requirements.txt")
    assert saved.content is not None


def test_nothing_of_it_fires_and_a_second_import_finds_nothing_new(world: World, written: Path) -> None:
    world.webhook("http://127.0.0.1:9/hook")
    world.automation(threshold(), event="RUN_METRIC", name="on a metric")
    world.automation(event="RUN_ALERT", name="on an alert")
    said, _ = import_folder(written)
    work()
    assert not Execution.objects.exists()
    assert not Event.objects.filter(processed_at=None).exists()
    assert "on an alert: would have fired once" in said
    assert "on a metric: would have fired once" in said
    events = Event.objects.count()
    again, progress = import_folder(written)
    assert "1 runs: 0 new, 1 there already. New: 0 rows, 0 versions of artifacts, 0 files." in again
    assert (Event.objects.count(), progress.count("nothing new")) == (events, 1)


def write_records(folder: Path, *records: pb.Record) -> None:
    """Write the file of an online run, as the SDK's own program does."""
    pieces = [record.SerializeToString() for record in records]
    headers = [struct.pack("<IHB", zlib.crc32(piece, zlib.crc32(b"\x01")), len(piece), 1) for piece in pieces]
    folder.mkdir()
    content = b"".join(part for pair in zip(headers, pieces, strict=True) for part in pair)
    (folder / "run-user.wandb").write_bytes(b":W&B\xe1\xbe\x00" + content)


def test_versions_that_a_run_used_are_its_inputs_where_they_are_here(
    world: World, written: Path, tmp_path: Path
) -> None:
    import_folder(written)
    run = pb.Record(run=pb.RunRecord(run_id="user", project="mnist"))
    run.run.start_time.FromSeconds(1_772_366_400)
    uses = [
        pb.Record(use_artifact=pb.UseArtifactRecord(type=kind, name=name))
        for kind, name in (("model", "model:v0"), ("model", "model:gone"), ("other", "model:v0"))
    ]
    manifest = pb.ArtifactManifest(contents=[pb.ArtifactManifestEntry(path="d", digest="x", ref="https://data.test/d")])
    draft = pb.ArtifactRecord(type="dataset", name="drafted", use_after_commit=True, manifest=manifest)
    write_records(tmp_path / "run-1-user", run, *uses, pb.Record(artifact=draft), pb.Record(exit=pb.RunExitRecord()))
    for _ in range(2):
        _said, told = import_folder(tmp_path)
        found = Run.objects.get(name="user")
        assert sorted(map(str, input_versions(found))) == ["acme/mnist/drafted:v0", "acme/mnist/model:v0"]
        assert list(map(str, output_versions(found))) == ["acme/mnist/drafted:v0"]
        assert [line for line in told.splitlines() if "not kept" in line] == [
            f"not kept: mnist/user: that it used {name}: there is no such version in acme/mnist."
            for name in ("model:gone", "model:v0")
        ]


def test_a_run_whose_script_was_killed_is_crashed_and_has_what_was_written(
    world: World, written: Path, tmp_path: Path
) -> None:
    (file,) = written.rglob("run-first.wandb")
    folder = tmp_path / "offline-run-1-first"
    folder.mkdir()
    (folder / file.name).write_bytes(file.read_bytes()[:100_000])
    import_folder(tmp_path)
    run = Run.objects.get()
    assert (100 < run.rows_logged < 300, run.state) == (True, RunState.CRASHED)
    shutil.copy(file, folder / file.name)
    import_folder(tmp_path)
    run.refresh_from_db()
    assert ([row["_step"] for row in rows_of(run)], run.state) == (list(range(301)), RunState.FAILED)


def test_a_file_that_is_damaged_is_named(world: World, written: Path, tmp_path: Path) -> None:
    (file,) = written.rglob("run-first.wandb")
    content = bytearray(file.read_bytes())
    content[50_000] ^= 0xFF
    (tmp_path / file.name).write_bytes(content)
    with pytest.raises(CommandError, match=r"run-first\.wandb is damaged \d+ bytes from its beginning"):
        import_folder(tmp_path)
    assert not Run.objects.exists()


@pytest.mark.parametrize("content", [b"", b":W&B", b"SQLite format 3"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run-x.wandb").write_bytes(content)
    with pytest.raises(UnreadableSource, match="no file of an offline run"):
        list(read_records(tmp_path / "run-x.wandb"))


def test_a_folder_without_runs_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no offline run"):
        import_folder(tmp_path)


@pytest.mark.parametrize(
    "data", [b"\x0a\x05ab", b"\xff" * 11, b"\x0b", b"\x09\x00"], ids=["short", "varint", "group", "eight"]
)
def test_bytes_that_are_no_message_are_told_from_one(data: bytes) -> None:
    with pytest.raises(DamagedMessage):
        Message(data).numbers()
