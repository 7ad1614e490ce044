"""What files hold: kept once for a team, whole or not at all, and freed when nothing points at it."""

from __future__ import annotations

import io
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.core.management import call_command
from django.utils import timezone

from projects.file_storage import garbage_collection, services, signed_links
from projects.file_storage.incoming_file import FileTooLarge
from projects.models import RunFile, StoredFile
from projects.runs.files import register_files
from tests.world import World


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where this test's files are kept."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "projects.file_storage.local_folder.FolderStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


def kept(world: World, content: bytes = b"weights", **values: Any) -> StoredFile:
    return services.store_file(values.pop("team", world.team), io.BytesIO(content), length=len(content), **values)


def in_folder(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def make_old(stored: StoredFile) -> None:
    StoredFile.objects.filter(pk=stored.pk).update(used_at=timezone.now() - timedelta(days=2))


def test_what_was_sent_is_read_again(world: World, folder: Path) -> None:
    stored = kept(world, b"weights" * 100_000)
    assert (stored.md5, stored.size) == (md5(b"weights" * 100_000).hexdigest(), 700_000)
    assert services.read_file(stored) == b"weights" * 100_000
    assert b"".join(services.file_pieces(stored, 7, 9)) == b"weightswe"


def test_the_same_content_is_kept_once_for_a_team_and_apart_from_another_team(world: World, folder: Path) -> None:
    assert kept(world) == kept(world)
    assert kept(world, team=world.other_team) != kept(world)
    assert in_folder(folder) == [b"weights", b"weights"]


def test_content_of_another_md5_is_refused_and_not_kept(world: World, folder: Path) -> None:
    with pytest.raises(ValidationError, match="Its MD5 is '6d79d1'|Send it again"):
        kept(world, md5="0" * 32)
    assert (in_folder(folder), StoredFile.objects.count()) == ([], 0)


def test_a_file_that_broke_off_is_refused_and_not_kept(world: World, folder: Path) -> None:
    with pytest.raises(ValidationError, match="3 of 9 bytes came"):
        services.store_file(world.team, io.BytesIO(b"wei"), length=9)
    assert (in_folder(folder), StoredFile.objects.count()) == ([], 0)


def test_a_file_whose_connection_dies_leaves_nothing(world: World, folder: Path) -> None:
    class Dying(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(3)

    with pytest.raises(ConnectionResetError):
        services.store_file(world.team, Dying(b"weights"), length=7)
    assert (in_folder(folder), StoredFile.objects.count()) == ([], 0)


def test_a_file_over_the_limit_is_refused_before_it_is_read(world: World, settings: Any) -> None:
    settings.FILE_LIMIT = 6
    source = io.BytesIO(b"weights")
    with pytest.raises(FileTooLarge, match="7 bytes; a file may have 6. RUNBELL_FILE_LIMIT_MB"):
        services.store_file(world.team, source, length=7)
    assert (source.tell(), StoredFile.objects.count()) == (0, 0)


def test_it_is_read_and_written_a_piece_at_a_time(world: World) -> None:
    largest = 0

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal largest
            piece = super().read(size)
            largest = max(largest, len(piece))
            return piece

    content = bytes(5 * 2**20)
    stored = services.store_file(world.team, Watched(content), length=len(content))
    assert largest <= 2**18
    assert max(map(len, services.file_pieces(stored))) <= 2**18


def test_what_nobody_points_at_is_freed_once_no_link_can_ask_for_it(world: World, folder: Path) -> None:
    old, young = kept(world, b"old"), kept(world, b"young")
    make_old(old)
    assert garbage_collection.free_files() == 1
    assert (in_folder(folder), list(StoredFile.objects.all())) == ([b"young"], [young])


def test_what_a_run_points_at_stays_until_the_run_is_gone(world: World, folder: Path) -> None:
    run = world.run()
    (file,) = register_files(run, ["config.yaml"])
    services.store_run_file(RunFile.objects.get(pk=file.pk), io.BytesIO(b"lr: 1"), length=5)
    make_old(StoredFile.objects.get())
    assert garbage_collection.free_files() == 0
    run.delete()
    call_command("free_files")
    assert (in_folder(folder), StoredFile.objects.count()) == ([], 0)


def test_what_somebody_was_told_is_there_is_not_freed_meanwhile(world: World) -> None:
    stored = kept(world)
    make_old(stored)
    assert services.claim_files(world.team, [stored.md5]) == {stored.md5: stored}
    assert garbage_collection.free_files() == 0


def test_a_half_freed_content_is_told_to_nobody_and_freed_next_time(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = kept(world)
    make_old(stored)
    monkeypatch.setattr(storages["files"], "delete", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        garbage_collection.free_files()
    assert services.claim_files(world.team, [stored.md5]) == {}
    monkeypatch.undo()
    assert (garbage_collection.free_files(), in_folder(folder)) == (1, [])


def test_a_teams_contents_are_freed_after_the_team(world: World, folder: Path) -> None:
    make_old(kept(world, team=world.other_team))
    world.other_team.delete()
    assert (garbage_collection.free_files(), in_folder(folder)) == (1, [])


def test_a_link_says_what_may_be_sent_where(world: World) -> None:
    token = signed_links.upload_url(world.team, "0" * 32, by=world.users["alice"]).rpartition("/")[2]
    assert signed_links.upload_place(token) == signed_links.UploadPlace(
        world.team.pk, "0" * 32, person=world.users["alice"].pk
    )


def test_a_link_to_fetch_is_none_to_send_and_the_other_way_round(world: World) -> None:
    stored = kept(world)
    fetch = signed_links.download_url(stored, "m.txt", by=world.users["alice"]).split("/")[-2]
    assert signed_links.stored_file_of(fetch) == stored
    with pytest.raises(signed_links.LinkRefused, match="not one that Runbell made"):
        signed_links.upload_place(fetch)
    with pytest.raises(signed_links.LinkRefused, match="not one that Runbell made"):
        signed_links.stored_file_of(
            signed_links.upload_url(world.team, "0" * 32, by=world.users["alice"]).rpartition("/")[2]
        )


def test_a_link_that_is_too_old_or_altered_is_refused(world: World, settings: Any) -> None:
    token = signed_links.download_url(kept(world), "m.txt", by=world.users["alice"]).split("/")[-2]
    with pytest.raises(signed_links.LinkRefused, match="not one that Runbell made"):
        signed_links.stored_file_of(token[:-1] + ("A" if token[-1] != "A" else "B"))
    settings.FILE_LINK_SECONDS = -1
    with pytest.raises(signed_links.LinkRefused, match="This link is too old"):
        signed_links.stored_file_of(token)
