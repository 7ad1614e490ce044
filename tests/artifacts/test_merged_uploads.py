"""Incremental and distributed artifacts: one version of what several sent, or of what was there and what came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from artifacts import uploads
from artifacts.manifests.upload_contents import contents_of
from artifacts.models import Collection, ManifestType, Upload, Version
from common.data.validation_errors import UnderWay
from projects.file_storage import services
from projects.models import Run
from tests.artifacts.making import aliases_of, events_after, made
from tests.artifacts.sending import begun, manifest_of, send_manifest, sent, store
from tests.world import World


def part(collection: Collection, files: dict[str, bytes], digest: str, **values: Any) -> Upload:
    """Send the files and their list, and do not commit."""
    kind = ManifestType.PATCH if "distributed_id" in values else ManifestType.INCREMENTAL
    upload = begun(collection, digest, **values)
    uploads.set_manifest_type(upload, kind)
    for held in files.values():
        store(upload.team, held)
    send_manifest(upload, manifest_of(files))
    return upload


def contents(version: Version) -> dict[str, bytes]:
    return {file.path: services.read_file(file.content) for file in version.files.all() if file.content}


def test_an_incremental_version_holds_the_newest_versions_files_and_its_own(model: Collection) -> None:
    sent(model, {"a": b"1", "b": b"2"})
    version = uploads.commit_upload(part(model, {"b": b"3", "c": b"4"}, "d2"))
    assert contents(version) == {"a": b"1", "b": b"3", "c": b"4"}
    assert (version.index, version.file_count, version.size) == (1, 3, 3)


def test_an_incremental_version_of_an_empty_collection_holds_its_own_files(model: Collection) -> None:
    assert contents(uploads.commit_upload(part(model, {"a": b"1"}, "d1"))) == {"a": b"1"}


def test_an_incremental_version_adds_to_one_of_which_no_files_are_known(model: Collection) -> None:
    made(model, "over REST")
    assert contents(uploads.commit_upload(part(model, {"a": b"1"}, "d1"))) == {"a": b"1"}


def test_increments_that_are_sent_at_once_lose_nothing(model: Collection) -> None:
    both = [part(model, {name: name.encode()}, name) for name in ("a", "b")]
    versions = [uploads.commit_upload(one) for one in both]
    assert contents(versions[-1]) == {"a": b"a", "b": b"b"}


def test_an_increment_that_adds_nothing_is_no_new_version(model: Collection) -> None:
    first = uploads.commit_upload(part(model, {"a": b"1", "b": b"2"}, "d1"))
    again = part(model, {"b": b"2"}, "d2", aliases=["again"])
    assert uploads.commit_upload(again) == first
    assert aliases_of(model) == {"latest": "v0", "again": "v0"}


def test_what_was_read_before_another_version_or_part_came_is_stale(model: Collection) -> None:
    increment, first = part(model, {"b": b"2"}, "d2"), part(model, {"x": b"x"}, "x", distributed_id="job")
    part(model, {"y": b"y"}, "y", distributed_id="job")
    of_increment, of_job = contents_of(increment), contents_of(first)
    assert (of_increment.is_stale(model), of_job.is_stale(model)) == (False, False)
    sent(model, {"a": b"1"})
    part(model, {"z": b"z"}, "z", distributed_id="job")
    assert (of_increment.is_stale(model), of_job.is_stale(model)) == (True, True)


def test_what_several_runs_sent_is_one_version(world: World, model: Collection) -> None:
    parts = [
        part(model, {f"{rank}.txt": b"%d" % rank}, f"d{rank}", distributed_id="job", client_id=f"c{rank}",
             aliases=["latest", f"rank{rank}"], metadata={"last": rank, f"rank{rank}": True})
        for rank in range(3)
    ]  # fmt: skip
    assert (events_after(), model.versions.count()) == ([], 0)
    version = uploads.commit_upload(parts[-1])
    assert contents(version) == {"0.txt": b"0", "1.txt": b"1", "2.txt": b"2"}
    assert version.metadata == {"last": 2, "rank0": True, "rank1": True, "rank2": True}
    assert aliases_of(model) == dict.fromkeys(("latest", "rank0", "rank1", "rank2"), "v0")
    assert {upload.version for upload in Upload.objects.all()} == {version}
    assert [kind for kind, _name in events_after()].count("artifact.created") == 1


def test_what_is_sent_after_the_end_begins_the_next_version(model: Collection) -> None:
    for index in range(2):
        part(model, {f"a{index}": b"a"}, f"a{index}", distributed_id="job")
        version = uploads.commit_upload(part(model, {f"b{index}": b"b"}, f"b{index}", distributed_id="job"))
        assert (version.index, sorted(contents(version))) == (index, [f"a{index}", f"b{index}"])


def test_the_parts_of_another_job_stay_apart(model: Collection) -> None:
    part(model, {"x": b"x"}, "x", distributed_id="other")
    version = uploads.commit_upload(part(model, {"a": b"a"}, "a", distributed_id="job"))
    assert sorted(contents(version)) == ["a"]


def test_an_end_before_all_parts_have_come_is_to_be_tried_again(model: Collection) -> None:
    late = begun(model, "late", distributed_id="job")
    end = part(model, {"a": b"a"}, "a", distributed_id="job")
    with pytest.raises(UnderWay, match="1 of the 2 parts of 'job' are still being sent"):
        uploads.commit_upload(end)
    assert (events_after(), model.versions.count()) == ([], 0)
    store(late.team, b"l")
    send_manifest(late, manifest_of({"late": b"l"}))
    assert sorted(contents(uploads.commit_upload(end))) == ["a", "late"]


def test_a_part_that_can_no_longer_come_is_not_waited_for(model: Collection) -> None:
    gone = begun(model, "gone", distributed_id="job")
    Upload.objects.filter(pk=gone.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert sorted(contents(uploads.commit_upload(part(model, {"a": b"a"}, "a", distributed_id="job")))) == ["a"]


def test_a_run_that_begins_its_part_anew_is_waited_for_once(world: World, model: Collection) -> None:
    run = Run.objects.create(project=world.project, name="rank1")
    begun(model, "killed", distributed_id="job", run=run)
    part(model, {"b": b"b"}, "b", distributed_id="job", run=run)
    assert sorted(contents(uploads.commit_upload(part(model, {"a": b"a"}, "a", distributed_id="job")))) == ["a", "b"]
