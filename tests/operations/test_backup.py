"""A backup while scripts log, and a restore into an empty place: real processes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automations.models import Execution, ExecutionState
from events.models import Event
from operations.backup import resending
from operations.backup.archive import ArchiveReader, ArchiveWriter, BrokenArchive
from tests.processes import ROOT, Environment, manage, new_environment, run_module
from tests.world import FAILED, World, failed_at_once

FILLED = "tests.operations.filled"


@dataclass
class BackedUp:
    source: Environment
    file: Path
    target: Environment
    # Rows that the script was told of before the backup began.
    acknowledged: int
    said: str
    # What a restore says where there is data; `before` was looked at after that.
    refused: str
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackedUp]:
    folder = tmp_path_factory.mktemp("backup")
    with new_environment(folder / "source") as source, new_environment(folder / "target") as target:
        manage(source, "migrate", "--verbosity=0")
        run_module(source, FILLED, "fill")
        file = folder / "runbell.tar"
        acknowledged = _backed_up_while_logging(source, file)
        said = manage(target, "restore", str(file))
        refused = _refused(source, "restore", str(file))
        yield BackedUp(source, file, target, acknowledged, said, refused, _contents(source), _contents(target))


def _backed_up_while_logging(environment: Environment, file: Path) -> int:
    command = [sys.executable, "-m", FILLED, "log"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        while (acknowledged := int(script.stdout.readline())) < 20:
            pass
        manage(environment, "backup", str(file), "--with-keys")
        assert script.poll() is None
        script.kill()
    return acknowledged


def _refused(environment: Environment, *command: str) -> str:
    whole = [sys.executable, "manage.py", *command]
    done = subprocess.run(whole, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    return done.stderr


def _contents(environment: Environment) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_module(environment, FILLED, "report"))
    return found


@pytest.mark.processes
def test_what_was_acknowledged_before_the_backup_is_restored_and_nothing_by_halves(backed_up: BackedUp) -> None:
    offsets = backed_up.after["offsets"]
    assert offsets == list(range(len(offsets)))
    assert backed_up.acknowledged < len(offsets) <= len(backed_up.before["offsets"])


@pytest.mark.processes
def test_everything_else_is_as_it_was_under_the_keys_it_had(backed_up: BackedUp) -> None:
    before, after = backed_up.before, backed_up.after
    # The script went on.
    assert after["rows"].pop("projects_historychunk") <= before["rows"].pop("projects_historychunk")
    # That a backup was made is noted once it is.
    assert (before["rows"].pop("operations_recurringjob"), after["rows"].pop("operations_recurringjob")) == (1, 0)
    assert after["rows"] == before["rows"]
    same = ("secret", "file", "states", "waiting_events", "made_at", "next_run")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["secret"] == {"TOKEN": "the value of the token"}


@pytest.mark.processes
def test_a_restore_says_what_will_be_sent_again(backed_up: BackedUp) -> None:
    assert "2 deliveries will be sent as soon as a worker runs" in backed_up.said
    assert "with the same ids: acme/hook (2)." in backed_up.said
    assert "3 events that nobody had judged will be judged, and may fire." in backed_up.said
    assert "1 runs were running." in backed_up.said
    assert "1 files of artifacts and runs: 1 were put back, 0 are missing." in backed_up.said
    assert "No key" not in backed_up.said


@pytest.mark.processes
def test_where_data_is_nothing_is_restored(backed_up: BackedUp) -> None:
    assert "There is data in the database already" in backed_up.refused
    assert backed_up.before["rows"]["projects_run"] == backed_up.after["rows"]["projects_run"]


@pytest.mark.processes
def test_only_its_owner_reads_a_backup_and_sha256sum_checks_it(backed_up: BackedUp) -> None:
    assert backed_up.file.stat().st_mode & 0o077 == 0
    with tarfile.open(backed_up.file) as tar:
        tar.extractall(backed_up.file.parent / "parts", filter="data")
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=backed_up.file.parent / "parts")
    assert checked.returncode == 0


@pytest.mark.django_db
def test_what_is_held_back_fails_with_its_reason_and_can_be_delivered_again(world: World) -> None:
    world.webhook("http://hooks.test/")
    automation = world.automation(FAILED)
    row = Execution.objects.create(automation=automation, team=world.team, receiver_key=automation.receiver_key)
    failed_at_once(world.project, ["broken0"])

    waiting = resending.waiting()
    resending.hold()

    row.refresh_from_db()
    assert (waiting.deliveries, waiting.events) == ({"acme/hook": 1}, 1)
    assert (row.state, row.next_attempt_at) == (ExecutionState.FAILED, None)
    assert row.reason == "Held back when a backup was restored. Deliver it again where its receiver has not had it."
    assert not Event.objects.filter(processed_at=None).exists()
    assert waiting.sentences(held=True)[0].startswith("1 deliveries were held back")


def test_a_backup_that_broke_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ArchiveWriter(tmp_path / "backup.tar") as archive:
        archive.add_text("one", "1")
        archive.add_compressed("two", (b"" for _ in (1 / 0,)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["changed", "cut", "other"])
def test_what_is_no_whole_backup_is_refused(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "backup.tar"
    with ArchiveWriter(file) as archive:
        archive.add_text("one", "number one")
        archive.finish({})
    content = file.read_bytes()
    file.write_bytes(
        {"changed": content.replace(b"number one", b"number two"), "cut": content[:1024], "other": b"?"}[broken]
    )

    with pytest.raises(BrokenArchive), ArchiveReader(file) as found:
        found.verify()


def test_what_lay_in_the_place_of_the_draft_is_not_written_to(tmp_path: Path) -> None:
    theirs, file = tmp_path / "theirs", tmp_path / "backup.tar"
    theirs.write_text("")
    file.with_name("backup.tar.part").symlink_to(theirs)
    with ArchiveWriter(file) as archive:
        archive.finish({})
    assert (theirs.read_text(), file.is_symlink(), file.stat().st_mode & 0o777) == ("", False, 0o600)


@pytest.mark.parametrize(("name", "kind"), [
    ("files/1/link", tarfile.SYMTYPE), ("files/1/link", tarfile.LNKTYPE), ("files/1", tarfile.DIRTYPE),
    ("files/../../evil", tarfile.REGTYPE), ("/etc/evil", tarfile.REGTYPE),
])  # fmt: skip
def test_an_archive_with_what_is_no_part_of_one_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    file = tmp_path / "backup.tar"
    with ArchiveWriter(file) as archive:
        archive.finish({})
    with tarfile.open(file, "a") as opened:
        part = tarfile.TarInfo(name)
        part.type, part.linkname = kind, "manifest.json"
        opened.addfile(part)
    with ArchiveReader(file) as archive, pytest.raises(BrokenArchive, match="is no part of one"):
        archive.verify()
