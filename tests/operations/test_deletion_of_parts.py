"""Deletion of a run, a collection or a version: hidden wherever it stands, undone as it was, then gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.core.management import call_command
from django.http import Http404
from django.test import Client

from artifacts.access import entries_of
from artifacts.models import Alias, Collection, DeletedArtifact, Entry, Version
from artifacts.services import create_version, get_or_create_collection
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scopes import place_named
from automations.definitions.services import create_automation
from automations.engine import worker_loop
from automations.models import Execution
from common.data.validation_errors import Conflict
from operations.deletion.deletable import registry
from operations.deletion.scheduling import deletions_of, undo
from projects.access import run_named
from projects.file_storage.garbage_collection import free_files
from projects.models import DeletedRun, HistoryChunk, Run, RunFile, StoredFile
from projects.runs.lifecycle import RunDetails, start_run
from registries.access import registry_named
from tests.access.place import everything
from tests.operations.test_deletion import delete, full, let_time_pass, purged
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.global_ids import global_id

__all__ = ["full"]
RUN, MODEL, VERSION = "acme/mnist/run1", "acme/mnist/model", "acme/mnist/model:v0"
PARTS = {"run": RUN, "collection": MODEL, "version": VERSION}
DELETE_RUN = "mutation($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }"


def listen(world: World, event: str) -> None:
    place = place_named({"type": "organization", "name": "research", "team": "acme"})
    assert place is not None
    world.team.organization.admins.add(world.users["alice"])
    create_automation(place, AutomationDraft(event, event, [], {"type": "do_nothing"}), by=world.users["alice"])


def latest(collection: Collection) -> str:
    return str(Alias.objects.get(collection=collection, name="latest").entry)


@pytest.mark.parametrize("kind", PARTS)
def test_a_member_deletes_it_and_undoes_it_and_nobody_with_less(full: World, kind: str) -> None:
    find = registry.get(kind).find
    row = find(full.users["bob"], PARTS[kind])
    assert registry.get(kind).name_of(row) == PARTS[kind]
    with pytest.raises(PermissionDenied):
        find(full.users["vera"], PARTS[kind])
    with pytest.raises(Http404):
        find(full.users["charlie"], PARTS[kind])
    deletion = delete(full, PARTS[kind], kind)
    assert list(deletions_of(full.users["bob"])) == [deletion]
    assert not deletions_of(full.users["vera"]).exists()


@pytest.mark.parametrize("kind", PARTS)
def test_undone_each_row_is_as_it_was(full: World, kind: str) -> None:
    create_version(Collection.objects.get(name="model", project=full.project), "d1")
    before = everything()
    deletion = delete(full, PARTS[kind], kind)
    assert everything() != before
    undo(deletion, by=full.users["alice"])
    # That it was taken out of where it is linked, and is back, has happened.
    before.pop("Event")
    after = everything()
    assert {name for name, rows in before.items() if rows != after[name]} == {"Deletion"}


def test_a_run_that_waits_is_not_there_and_its_id_is_taken(full: World, api: Any) -> None:
    delete(full, RUN, "run")
    with pytest.raises(Http404):
        run_named(full.users["alice"], "acme", "mnist", "run1")
    with pytest.raises(ValidationError, match="run acme/mnist/run1 is being deleted"):
        start_run(full.project, "run1", RunDetails(), user=full.users["alice"])
    rows = {"offset": 2, "rows": [{"loss": 0.1}]}
    assert api.post("/api/v1/projects/acme/mnist/runs/run1/history", rows, format="json").status_code == 404
    assert HistoryChunk.objects.count() == 1


def test_the_sdk_that_deletes_it_again_is_told_that_it_is_done(full: World) -> None:
    id = global_id("Run", Run.objects.get().pk)
    deletion = delete(full, RUN, "run")
    assert GraphQL(full.keys["bob"]).send(DELETE_RUN, id=id)[0] == 200
    assert GraphQL(full.keys["charlie"]).send(DELETE_RUN, id=id)[0] == 404
    undo(deletion)
    assert Run.objects.count() == 1


def test_a_run_is_gone_after_its_grace_files_too_and_its_versions_stay(full: World) -> None:
    run, stored = Run.objects.get(), StoredFile.objects.get()
    Version.objects.update(run=run)
    deletion = delete(full, RUN, "run")
    purged()
    assert not (Run.all_rows.exists() or HistoryChunk.objects.exists() or RunFile.objects.exists())
    assert (DeletedRun.objects.get().run_id, Version.objects.get().run) == (run.pk, None)
    assert not storages["files"].exists(stored.key)
    deletion.refresh_from_db()
    assert {"run": 1, "historychunk": 1, "runfile": 1, "storedfile": 1}.items() <= deletion.deleted.items()


def test_latest_goes_back_to_what_is_left_and_comes_with_what_is_undone(full: World) -> None:
    model = Collection.objects.get(name="model", project=full.project)
    create_version(model, "d1")
    deletion = delete(full, "acme/mnist/model:v1", "version")
    assert latest(model) == VERSION
    undo(deletion)
    assert latest(model) == "acme/mnist/model:v1"


def test_an_alias_that_moved_meanwhile_stays_where_it_is(full: World) -> None:
    model = Collection.objects.get(name="model", project=full.project)
    deletion = delete(full, VERSION, "version")
    create_version(model, "d1", aliases=["best"])
    undo(deletion)
    held = {alias.name: alias.entry.index for alias in Alias.objects.filter(collection=model)}
    assert held == {"best": 1, "latest": 1}


def test_a_version_that_waits_is_nowhere_it_is_linked(full: World) -> None:
    delete(full, VERSION, "version")
    hall = registry_named(full.users["alice"], "research", "models").collections.get()
    assert not (entries_of(hall).exists() or Version.objects.exists() or Alias.objects.exists())


@pytest.mark.parametrize("kind", ["version", "collection"])
def test_who_watches_where_it_is_linked_hears_that_it_is_gone_and_back(full: World, kind: str) -> None:
    listen(full, "UNLINK_ARTIFACT")
    listen(full, "LINK_MODEL")
    deletion = delete(full, PARTS[kind], kind)
    worker_loop.run()
    undo(deletion)
    worker_loop.run()
    heard = [(one.automation.name, one.subject_label) for one in Execution.objects.order_by("pk")]
    place = "research/wandb-registry-models/model:v0"
    assert heard == [("UNLINK_ARTIFACT", place), ("LINK_MODEL", place)]


def test_what_is_logged_anew_meanwhile_keeps_it_from_coming_back(full: World) -> None:
    model = Collection.objects.get(name="model", project=full.project)
    deletion = delete(full, VERSION, "version")
    again = create_version(model, "d0")
    assert (again.created, str(again.entry.version)) == (True, "acme/mnist/model:v1")
    with pytest.raises(Conflict, match="was logged anew"):
        undo(deletion)
    delete(full, "acme/mnist/model:v1", "version")
    undo(deletion)
    assert list(Version.objects.values_list("index", flat=True)) == [0]


@pytest.mark.parametrize("kind", ["version", "collection"])
def test_versions_go_after_the_grace_and_say_by_their_id_that_they_did(full: World, kind: str) -> None:
    pk = Version.objects.get().pk
    asked = "query($id: ID!) { artifact(id: $id) { state digest } }"
    told = {"artifact": {"state": "DELETED", "digest": "d0"}}
    delete(full, PARTS[kind], kind)
    assert GraphQL(full.keys["vera"]).data(asked, id=global_id("Artifact", pk)) == told
    purged()
    assert not (Version.all_rows.exists() or Entry.all_rows.exists() or Alias.all_rows.exists())
    assert Collection.all_rows.filter(project=full.project).exists() is (kind == "version")
    assert DeletedArtifact.objects.filter(version_id=pk).exists()
    assert GraphQL(full.keys["vera"]).data(asked, id=global_id("Artifact", pk)) == told


def test_the_name_of_a_collection_is_taken_until_its_end(full: World) -> None:
    delete(full, MODEL, "collection")
    with pytest.raises(ValidationError, match="until then its name is taken"):
        get_or_create_collection(full.project, "model", "model")
    purged()
    assert get_or_create_collection(full.project, "model", "model")[1]


def test_a_collection_of_a_registry_is_deleted_by_its_members_and_its_versions_stay(full: World) -> None:
    name = "research/wandb-registry-models/model"
    full.team.organization.admins.add(full.users["alice"])
    with pytest.raises(PermissionDenied):
        registry.get("collection").find(full.users["vera"], name)
    deletion = delete(full, name, "collection")
    assert (deletion.team, deletion.organization) == (None, full.team.organization)
    purged()
    assert (Collection.all_rows.filter(registry__isnull=False).count(), Version.objects.count()) == (0, 1)


def test_a_link_is_unlinked_not_deleted(full: World) -> None:
    portfolio, _created = get_or_create_collection(full.project, "best", "model", holds_links=True)
    from_link = "acme/mnist/best:v0"
    Entry.objects.create(collection=portfolio, version=Version.objects.get(), index=0)
    with pytest.raises(Http404, match="name the version where it was made"):
        registry.get("version").find(full.users["alice"], from_link)


def test_files_of_what_waits_are_kept_until_its_end(full: World) -> None:
    Version.objects.update(manifest=StoredFile.objects.get())
    RunFile.objects.all().delete()
    delete(full, VERSION, "version")
    let_time_pass()
    assert free_files() == 0


def test_pages_rest_and_the_command_delete_parts_too(full: World, api: Any, client: Client) -> None:
    client.force_login(full.users["alice"])
    shown = client.get("/acme/mnist/runs/run1").content.decode()
    assert "/profile/deletions/new?kind=run&amp;name=acme/mnist/run1" in shown
    for page, kind in ((MODEL, "collection"), ("acme/mnist/model/v0", "version")):
        found = client.get(f"/acme/mnist/artifacts/model/{page.removeprefix('acme/mnist/')}").content.decode()
        assert f"/profile/deletions/new?kind={kind}&amp;name=acme/mnist/model" in found
    assert "2" in client.get("/profile/deletions/new", {"kind": "run", "name": RUN}).content.decode()
    sent = {"kind": "version", "name": "acme/mnist/model:best", "confirm": VERSION}
    made = api.post("/api/v1/deletions", sent, format="json")
    assert (made.status_code, made.json()["name"], made.json()["contents"]["links"]) == (201, VERSION, 1)
    call_command("delete", "run", RUN, confirm=RUN)
    call_command("delete", "run", RUN, undo=True)
    assert (Run.objects.count(), Version.objects.count()) == (1, 0)
