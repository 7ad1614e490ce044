"""Export and import of a project or a team: equal row for row, quiet, idempotent, and without a secret."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from artifacts.lineage import record_use
from artifacts.models import Alias, Collection, Entry, Version
from artifacts.services import add_collection_tags, create_version, get_or_create_collection, link
from automations.engine import worker_loop
from automations.models import Attempt, Automation, Execution
from operations.archives import tables
from operations.archives.archive_import import RefusedArchive
from operations.archives.export import ExportScope, write_export
from operations.archives.importing import import_archive
from operations.archives.table_rows import ExportedTable, values_of
from operations.compaction.table_walk import registry
from operations.compaction.table_walk_progress import walk_all
from projects.compaction.chunk_parts import STORED_SIZE, expanded
from projects.file_storage.services import read_file, store_run_file
from projects.history.row_batch import RowBatch
from projects.history.row_tombstone import keep_rewound
from projects.models import HistoryChunk, Project, Run, RunFile
from projects.quota import usage_of
from projects.runs.editing import rewind_run
from projects.runs.ingest import FileStreamPost, ingest_file_stream, ingest_rows
from projects.runs.lifecycle import finish_run
from registries.services import create_registry
from teams.models import Organization, Team
from tests.artifacts.sending import sent
from tests.operations.test_deletion import delete
from tests.world import FAILED, World

SECRET = "s3cret-value-of-the-token"
ADDRESS = "http://127.0.0.1:9/hook"


@pytest.fixture
def kept(world: World) -> World:
    """A project with one of everything."""
    world.secret("TOKEN", SECRET)
    world.webhook(ADDRESS)
    automation = world.automation(FAILED, name="bell")
    run = world.run("run1", config={"lr": 0.1}, tags=["a"])
    rows = [{"_step": step, "_timestamp": 1.0 + step, "loss": 1.0 / (step + 1), "text": "é"} for step in range(5)]
    post = FileStreamPost(
        history=RowBatch(0, [*rows, {"_step": 5, "loss": float("nan")}]),
        system=RowBatch(0, [{"_timestamp": 2.0, "system.cpu": 1.5}]), output=(0, ["one", "two"]),
        uploaded=["config.yaml"],
    )  # fmt: skip
    ingest_file_stream(run, post)
    ingest_rows(run, 6, [{"loss": 0.01}])
    file = RunFile.objects.get()
    store_run_file(file, io.BytesIO(b"a: 1\n"), length=5)
    made, _created = get_or_create_collection(world.project, "model", "model", description="About it")
    add_collection_tags(made, ["good"])
    sent(made, {"weights.bin": b"weights"}, "d0", aliases=["best"], tags=["old"], run=run, metadata={"acc": 0.9})
    second = create_version(made, "d1").entry.version
    portfolio, _created = get_or_create_collection(world.project, "picked", "model", holds_links=True)
    link(Version.objects.get(index=0), portfolio, aliases=["chosen"])
    hall, _created = get_or_create_collection(
        create_registry(world.team.organization, "models"), "model", "model", holds_links=True
    )
    link(second, hall, aliases=["production"])
    record_use(second, run)
    keep_rewound(run, [{"_step": 9, "_timestamp": 9.5, "loss": 2.0}])
    finish_run(run, 1)
    worker_loop.run()
    execution = Execution.objects.get(automation=automation)
    Attempt.objects.create(execution=execution, number=9, started_at=timezone.now(), detail="no answer")
    Execution.objects.update(state="failed", next_attempt_at=None, leased_until=None, ended_at=timezone.now())
    return world


@pytest.fixture
def elsewhere(kept: World) -> Team:
    """A team of another organization, which has a webhook of the same name and a registry."""
    organization = Organization.objects.create(name="far")
    team = Team.objects.create(organization=organization, name="away")
    create_registry(organization, "models")
    return team


@pytest.fixture
def archive(kept: World, tmp_path: Path) -> Path:
    return exported(kept, tmp_path / "acme.tar", "jsonl")


def exported(kept: World, path: Path, format: str) -> Path:
    write_export(ExportScope(kept.team, kept.project), path, format=format)
    return path


def rows_of(team: Team, table: ExportedTable) -> list[dict[str, Any]]:
    """The rows but for what only the installation knows: numbers of rows."""
    projects = Project.objects.filter(team=team)
    found = []
    for row in table.rows(projects):
        values = values_of(row)
        numbered = {"id", "last_chunk"} | {
            field.name for field in row._meta.concrete_fields
            if field.related_model in (Project, Run, Collection, Version, Entry)
        }  # fmt: skip
        found.append({name: repr(value) for name, value in values.items() if name not in numbered})
    # History is written run by run, in whatever order it came.
    return sorted(found, key=lambda one: (one["stream"], one["offset"])) if table is tables.HISTORY else found


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_what_is_imported_is_equal_row_for_row(kept: World, elsewhere: Team, tmp_path: Path, format: str) -> None:
    report = import_archive(exported(kept, tmp_path / "acme.tar", format), elsewhere, by=None)
    for table in (*tables.TABLES, tables.HISTORY):
        mine, theirs = rows_of(kept.team, table), rows_of(elsewhere, table)
        drop_people(mine)
        assert theirs == mine, table.name
        assert len(mine) == report.created[table.name] > 0, table.name
    run = Run.objects.get(project__team=elsewhere)
    last = HistoryChunk.objects.filter(run=run, stream="history").latest("pk")
    assert (run.last_chunk, run.summary) == (last.pk, Run.objects.get(project__team=kept.team).summary)
    assert read_file(run.files.get().content) == b"a: 1\n"  # type: ignore[arg-type]
    version = Version.objects.get(collection__project__team=elsewhere, index=0)
    assert (version.run, read_file(version.files.get().content)) == (run, b"weights")  # type: ignore[arg-type]
    hall = Entry.objects.get(collection__registry__organization=elsewhere.organization)
    assert (str(hall.version), hall.alias_names) == ("away/mnist/model:v1", ["latest", "production"])


def drop_people(rows: list[dict[str, Any]]) -> None:
    """Nobody of these is on the other team."""
    for row in rows:
        row.update({name: "None" for name in ("user", "created_by") if name in row})


@pytest.fixture
def compacted(world: World) -> World:
    """A run of several compacted chunks and some that are not yet, which was rewound before."""
    run = world.run("run1")
    for post in range(12):
        steps = range(100 * post, 100 * post + 100)
        ingest_rows(run, 100 * post, [{"_step": step, "_timestamp": 1.0 + step, "loss": step / 7} for step in steps])
        if post == 5:
            worker_loop.run()
            rewind_run(run, 549)
        if post == 9:
            HistoryChunk.objects.update(created_at=timezone.now() - timedelta(hours=3))
            assert walk_all(registry.get("history_chunks")) > 1
    finish_run(run, 0)
    return world


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_what_was_compacted_and_rewound_is_so_again_and_takes_as_much_room(
    compacted: World, tmp_path: Path, format: str
) -> None:
    away = Team.objects.create(organization=Organization.objects.create(name="far"), name="away")
    path = exported(compacted, tmp_path / "acme.tar", format)
    import_archive(path, away, by=None)
    mine, theirs = (Run.objects.get(project__team=team) for team in (compacted.team, away))
    assert list(rows_of_run(theirs)) == list(rows_of_run(mine))
    assert (shapes(theirs), any(parts for *_place, parts in shapes(theirs))) == (shapes(mine), True)
    assert bytes(theirs.rewound.digests) == bytes(mine.rewound.digests) != b""
    assert theirs.positions_skipped == mine.positions_skipped > 0
    stored = HistoryChunk.objects.filter(run=theirs).aggregate(total=Sum(STORED_SIZE))["total"]
    assert theirs.bytes_logged == stored == usage_of(away).rows
    # The ids of chunks are others, and take other room when they are packed.
    assert theirs.bytes_logged == pytest.approx(usage_of(compacted.team).rows, rel=0.02)

    again = import_archive(path, away, by=None)
    assert (set(again.created.values()), shapes(theirs)) == ({0}, shapes(mine))


def rows_of_run(run: Run) -> Iterator[tuple[int, Any]]:
    for part in expanded(HistoryChunk.objects.filter(run=run).order_by("position")):
        yield part.position, part.rows


def shapes(run: Run) -> list[tuple[int, int, int | None]]:
    return list(run.chunks.order_by("position").values_list("position", "row_count", "part_count"))


def test_nothing_fires_and_an_automation_without_its_webhook_is_disabled(
    kept: World, elsewhere: Team, archive: Path
) -> None:
    before = Execution.objects.count()
    report = import_archive(archive, elsewhere, by=None)
    worker_loop.run()
    assert Execution.objects.count() == 2 * before
    automation = Automation.objects.get(team=elsewhere)
    assert (automation.enabled, automation.scope_name) == (False, "away/mnist")
    assert "hook" in automation.problem
    assert report.to_be_set == {"secrets": ["TOKEN"], "integrations": [{"kind": "webhook", "name": "hook"}]}
    mine, theirs = (Execution.objects.get(automation__team=team) for team in (kept.team, elsewhere))
    assert (theirs.state, theirs.why, theirs.attempts.count()) == (mine.state, mine.why, mine.attempts.count())
    assert theirs.subject_url == "/away/mnist/runs/run1"


def test_an_automation_whose_webhook_is_there_goes_on(kept: World, elsewhere: Team, archive: Path) -> None:
    kept.webhook(ADDRESS, team=elsewhere)
    import_archive(archive, elsewhere, by=None)
    automation = Automation.objects.get(team=elsewhere)
    assert (automation.enabled, automation.problem) == (True, "")


def test_a_second_time_changes_nothing(elsewhere: Team, archive: Path) -> None:
    first = import_archive(archive, elsewhere, by=None)
    again = import_archive(archive, elsewhere, by=None)
    assert set(again.created.values()) == {0}
    assert again.there == {name: first.created[name] + first.there[name] for name in first.created}


def test_what_broke_off_goes_on(elsewhere: Team, archive: Path) -> None:
    import_archive(archive, elsewhere, by=None)
    HistoryChunk.objects.filter(run__project__team=elsewhere, stream="history", offset=6).delete()
    Alias.objects.filter(collection__project__team=elsewhere, name="best").delete()
    again = import_archive(archive, elsewhere, by=None)
    assert {name: count for name, count in again.created.items() if count} == {"history": 1, "aliases": 1}


def parts(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        found = {part.name: tar.extractfile(part).read() for part in tar}  # type: ignore[union-attr]
    return {name: gzip.decompress(text) if name.endswith(".gz") else text for name, text in found.items()}


def test_no_secret_stands_in_it_and_its_automations_are_what_apply_takes(
    kept: World, archive: Path, tmp_path: Path
) -> None:
    for name, content in parts(archive).items():
        for secret in (SECRET, *kept.keys.values()):
            assert secret.encode() not in content, name
    text = parts(archive)["automations.yaml"]
    assert [one["name"] for one in yaml.safe_load(text)["automations"]] == ["bell"]
    file = tmp_path / "automations.yaml"
    file.write_bytes(text)
    call_command("automations", "diff", file)


def broken(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(b"a: 1\n")
    content[place] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20_000])


def is_none(path: Path) -> None:
    path.write_bytes(b"PK" + bytes(2000))


@pytest.mark.parametrize("spoil", [broken, cut, is_none])
def test_a_broken_archive_is_refused_before_anything_is_written(
    elsewhere: Team, archive: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(archive)
    with pytest.raises(RefusedArchive):
        import_archive(archive, elsewhere, by=None)
    assert not Project.objects.filter(team=elsewhere).exists()


def test_one_of_a_later_runbell_is_refused(elsewhere: Team, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.archives.archive_import.FORMAT", 0)
    with pytest.raises(RefusedArchive, match="made by a later Runbell"):
        import_archive(archive, elsewhere, by=None)
    assert not Project.objects.filter(team=elsewhere).exists()


def test_a_team_that_has_another_run_of_the_name_is_refused(kept: World, elsewhere: Team, archive: Path) -> None:
    there = Project.objects.create(team=elsewhere, name="mnist")
    Run.objects.create(project=there, name="run1")
    with pytest.raises(RefusedArchive, match="There is another run mnist/run1 in this team"):
        import_archive(archive, elsewhere, by=None)
    assert not Collection.objects.filter(project=there).exists()


def test_commands_export_a_team_and_import_it(
    kept: World, elsewhere: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "team.tar"
    call_command("export", "team", "acme", str(file), "--format", "jsonl")
    assert "to be set where it is imported: TOKEN, hook" in capsys.readouterr().out
    call_command("import_archive", str(file), "--team", "away")
    said = capsys.readouterr().out
    assert "to be set: the secret TOKEN" in said
    assert Run.objects.filter(project__team=elsewhere).count() == 1
    with pytest.raises(CommandError, match="is there already"):
        call_command("export", "team", "acme", str(file))


def test_what_is_being_deleted_is_not_taken_along(kept: World, elsewhere: Team, tmp_path: Path) -> None:
    delete(kept, "acme/mnist/model:v0", "version")
    delete(kept, "acme/mnist/run1", "run")
    path = tmp_path / "acme.tar"
    manifest = write_export(ExportScope(kept.team, kept.project), path, format="jsonl")
    gone = {name: manifest["counts"][name] for name in ("runs", "history", "versions", "files", "uses")}
    assert gone == {"runs": 0, "history": 0, "versions": 1, "files": 0, "uses": 0}
    import_archive(path, elsewhere, by=None)
