"""A version that a client sends: nothing is told of it before it is committed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from artifacts import editing, uploads
from artifacts.models import Collection, Upload, Version
from artifacts.services import create_version, get_or_create_collection
from projects.file_storage import garbage_collection, services
from projects.models import StoredFile
from tests.artifacts.making import aliases_of, events_after
from tests.artifacts.sending import b64_md5, begun, manifest_of, send_manifest, sent, store
from tests.world import World

FILES = {"m.txt": b"weights", "sub/n.txt": b"more"}


def test_events_come_with_the_commit_and_in_their_order(model: Collection) -> None:
    upload = begun(model, aliases=["latest", "best"], tags=["europe"])
    assert (events_after(), model.versions.count()) == ([], 0)
    for content in FILES.values():
        store(upload.team, content)
    send_manifest(upload, manifest_of(FILES))
    assert events_after() == []
    uploads.commit_upload(upload)
    assert events_after() == [
        ("artifact.created", ""),
        ("artifact.alias_added", "latest"),
        ("artifact.alias_added", "best"),
        ("artifact.tag_added", "europe"),
    ]


def test_a_version_knows_its_files_and_their_sizes(model: Collection) -> None:
    version = sent(model, FILES, history_step=20)
    assert (version.size, version.file_count, version.history_step) == (11, 2, 20)
    assert {file.path: services.read_file(file.content) for file in version.files.all()} == FILES


def test_a_second_commit_changes_and_tells_nothing(model: Collection) -> None:
    version = sent(model, FILES, client_id="c1")
    before = events_after()
    assert uploads.commit_upload(Upload.objects.get()) == version
    assert (events_after(), model.versions.count()) == (before, 1)


def test_a_create_that_is_sent_twice_is_one_upload(model: Collection) -> None:
    assert begun(model, client_id="c1") == begun(model, client_id="c1")
    assert Upload.objects.count() == 1


def test_the_same_digest_again_is_the_same_version_and_gets_the_aliases(model: Collection) -> None:
    version = sent(model, FILES)
    before = len(events_after())
    assert begun(model, aliases=["latest", "again"], tags=["europe"]).version == version
    assert events_after(before) == [("artifact.alias_added", "again"), ("artifact.tag_added", "europe")]


def test_two_that_send_the_same_at_once_make_one_version(model: Collection) -> None:
    first, second = begun(model, client_id="c1"), begun(model, client_id="c2", aliases=["second"])
    for upload in (first, second):
        send_manifest(upload, manifest_of({}))
    assert uploads.commit_upload(first) == uploads.commit_upload(second)
    assert aliases_of(model) == {"latest": "v0", "second": "v0"}


def test_a_version_without_one_of_its_files_is_refused(model: Collection) -> None:
    upload = begun(model)
    store(upload.team, b"weights")
    send_manifest(upload, manifest_of(FILES))
    with pytest.raises(ValidationError, match="1 of the files were not sent, such as 'sub/n.txt'"):
        uploads.commit_upload(upload)
    assert (events_after(), model.versions.count()) == ([], 0)


def test_a_file_of_another_team_is_none_of_ours(world: World, model: Collection) -> None:
    store(world.other_team, b"weights")
    upload = begun(model)
    assert uploads.upload_urls(world.team, [b64_md5(b"weights")], by=world.users["alice"]) != [None]
    send_manifest(upload, manifest_of({"m.txt": b"weights"}))
    with pytest.raises(ValidationError, match="were not sent"):
        uploads.commit_upload(upload)


def test_what_is_here_already_need_not_be_sent(world: World) -> None:
    store(world.team, b"weights")
    here, new = uploads.upload_urls(world.team, [b64_md5(b"weights"), b64_md5(b"other")], by=world.users["alice"])
    assert (here, "/files/send/" in str(new)) == (None, True)


def test_where_contents_are_not_kept_only_the_list_of_files_is(
    world: World,
    model: Collection,
    settings: Any,
) -> None:
    settings.KEEPS_FILES = False
    assert uploads.upload_urls(world.team, [b64_md5(b"weights")], by=world.users["alice"]) == [None]
    upload = begun(model)
    send_manifest(upload, manifest_of(FILES, {"far": "s3://far/away"}))
    version = uploads.commit_upload(upload)
    assert [(file.path, file.content, file.reference) for file in version.files.order_by("path")] == [
        ("far", None, "s3://far/away"),
        ("m.txt", None, ""),
        ("sub/n.txt", None, ""),
    ]


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b'{"contents": []}', b'{"contents": {"m": 1}}', b'{"contents": {"m": {"digest": "x"}}}']
)
def test_what_is_no_list_of_files_is_refused(model: Collection, manifest: bytes) -> None:
    upload = begun(model)
    send_manifest(upload, manifest)
    with pytest.raises(ValidationError, match="no list of files|is no MD5"):
        uploads.commit_upload(upload)
    assert model.versions.count() == 0


@pytest.mark.parametrize(
    "reference", ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "vbscript:x", "data:text/html,x"]
)
def test_a_reference_that_a_browser_would_run_is_refused(model: Collection, reference: str) -> None:
    upload = begun(model)
    send_manifest(upload, manifest_of({}, {"far": reference}))
    with pytest.raises(ValidationError, match="is a script and no place of a file"):
        uploads.commit_upload(upload)
    assert model.versions.count() == 0


def test_a_commit_without_a_list_of_files_is_refused(model: Collection) -> None:
    with pytest.raises(ValidationError, match="The list of the version's files was not sent"):
        uploads.commit_upload(begun(model))


def test_an_alias_that_cannot_be_one_is_refused_when_it_begins(model: Collection) -> None:
    with pytest.raises(ValidationError, match="'v3' is how versions are numbered"):
        begun(model, aliases=["v3"])
    assert Upload.objects.count() == 0


def test_a_table_is_news_to_its_collection_alone(world: World) -> None:
    tables = get_or_create_collection(world.project, "run-r1-table", "run_table")[0]
    assert tables.scopes == [f"collection:{tables.pk}"]


def test_the_last_version_that_uses_a_content_frees_it(model: Collection) -> None:
    first, second = sent(model, {"a": b"both"}, "d1"), sent(model, {"b": b"both"}, "d2")
    StoredFile.objects.update(used_at=timezone.now() - timedelta(days=2))
    editing.delete_version(first, with_aliases=True)
    assert garbage_collection.free_files() == 1  # its list of files
    editing.delete_version(second, with_aliases=True)
    assert garbage_collection.free_files() == 2
    assert StoredFile.objects.count() == 0


def test_the_same_files_after_a_deletion_are_a_new_version(model: Collection) -> None:
    editing.delete_version(sent(model, FILES, client_id="c1"), with_aliases=True)
    version = sent(model, FILES, client_id="c1")
    assert (version.index, Version.objects.count()) == (1, 1)


def test_a_version_made_over_rest_lists_no_files(model: Collection) -> None:
    version = create_version(model, "d1").entry.version
    assert (version.manifest, version.file_count) == (None, 0)
