"""Two at once: on PostgreSQL with threads. SQLite lets one write at a time, whatever the code does."""

from __future__ import annotations

import io

import pytest
from django.db import connection

from artifacts import editing, services, uploads
from artifacts.models import Alias, Collection, Upload, Version
from events.models import Event
from projects.file_storage import services as stored_services
from projects.models import StoredFile
from tests.artifacts.making import aliases_of
from tests.artifacts.sending import begun, manifest_of, send_manifest
from tests.at_once import AT_ONCE, at_once
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: two writers at once need PostgreSQL; pytest --postgresql")


def test_versions_made_at_once_get_a_number_each(transactional_db: None, world: World, model: Collection) -> None:
    placed = at_once(lambda number: services.create_version(model, f"digest-{number}"))
    assert sorted(one.entry.index for one in placed) == [0, 1, 2, 3]
    assert aliases_of(model) == {"latest": "v3"}


def test_the_same_digest_at_once_is_one_version(transactional_db: None, world: World, model: Collection) -> None:
    placed = at_once(lambda _number: services.create_version(model, "same", aliases=["best"]))
    assert sorted(one.created for one in placed) == [False, False, False, True]
    assert (Version.objects.count(), Event.objects.count()) == (1, 3)


def test_a_collection_made_at_once_is_one(transactional_db: None, world: World) -> None:
    found = at_once(lambda _number: services.get_or_create_collection(world.project, "new", "model"))
    assert len({collection.pk for collection, _created in found}) == 1
    assert sorted(created for _collection, created in found) == [False, False, False, True]


def test_an_alias_moved_at_once_ends_on_one_version(transactional_db: None, world: World, model: Collection) -> None:
    entries = [services.create_version(model, f"digest-{number}").entry for number in range(AT_ONCE)]
    at_once(lambda number: services.add_aliases(entries[number], ["production"]))
    last = Event.objects.filter(kind="artifact.alias_added").latest("id")
    assert Alias.objects.get(name="production").entry.index == last.data["index"]


def test_unlinking_at_once_tells_once(
    transactional_db: None, world: World, model: Collection, production: Collection
) -> None:
    linked = services.link(services.create_version(model, "a").entry.version, production).entry
    assert sorted(at_once(lambda _number: services.unlink(linked))) == [False, False, False, True]
    assert Event.objects.filter(kind="artifact.unlinked").count() == 1


def test_an_upload_committed_at_once_is_one_version(transactional_db: None, world: World, model: Collection) -> None:
    upload = begun(model, client_id="c1")
    send_manifest(upload, manifest_of({}))
    versions = at_once(lambda _number: uploads.commit_upload(Upload.objects.get(pk=upload.pk)))
    assert len(set(versions)) == 1
    assert Event.objects.filter(kind="artifact.created").count() == 1


def test_an_upload_begun_at_once_is_one(transactional_db: None, world: World, model: Collection) -> None:
    assert len(set(at_once(lambda _number: begun(model, client_id="c1")))) == 1


def test_the_same_content_kept_at_once_is_kept_once(transactional_db: None, world: World) -> None:
    stored = at_once(lambda _number: stored_services.store_file(world.team, io.BytesIO(b"weights"), length=7))
    assert len(set(stored)) == 1
    assert StoredFile.objects.count() == 1


def test_versions_deleted_at_once_leave_no_deadlock(
    transactional_db: None, world: World, model: Collection, production: Collection
) -> None:
    versions = [services.create_version(model, f"digest-{number}").entry.version for number in range(AT_ONCE)]
    for version in versions:
        services.link(version, production)
    at_once(lambda number: editing.delete_version(versions[number], with_aliases=True))
    assert (Version.objects.count(), aliases_of(model), aliases_of(production)) == (0, {}, {})
