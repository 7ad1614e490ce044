"""Deletion of whole things: what is listed, hidden, undone, and gone after its grace."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from artifacts.models import Collection, Entry, Version
from artifacts.services import create_version, get_or_create_collection
from automations.access import automations_of, executions_of
from automations.engine import worker_loop
from automations.models import Automation, Execution
from common.data.validation_errors import Conflict
from events.models import Event, Subscription
from operations.deletion import cascade, purge
from operations.deletion.deletable import registry
from operations.deletion.scheduling import deletions_of, schedule, undo
from projects.access import project_named, run_named
from projects.file_storage.services import store_run_file
from projects.models import HistoryChunk, Project, Run, RunFile, RunState, StoredFile
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run, mark_crashed
from projects.services import create_project, get_or_create_project
from registries.services import create_registry, link
from teams.models import AuditEvent, Deletion
from tests.world import FAILED, World


@pytest.fixture
def full(world: World) -> World:
    """A project with a run that logged and kept a file, a version that is linked elsewhere, and an automation."""
    world.webhook("http://127.0.0.1:9/hook")
    run = world.run("run1")
    ingest_rows(run, 0, [{"loss": 1.0}, {"loss": 0.5}], "history")
    file = RunFile.objects.create(run=run, name="config.yaml")
    store_run_file(file, io.BytesIO(b"a: 1\n"), length=5)
    made, _created = get_or_create_collection(world.project, "model", "model")
    version = create_version(made, "d0", aliases=["best"]).entry.version
    models = create_registry(world.team.organization, "models")
    link(version, models, "model")
    world.automation(FAILED)
    return world


def delete(world: World, name: str = "acme/mnist", kind: str = "project") -> Deletion:
    alice = world.users["alice"]
    found = registry.get(kind)
    return schedule(found, found.find(alice, name), confirmed=name, by=alice)


def let_time_pass() -> None:
    """The grace is over, and so is the life of every signed link."""
    days = timedelta(days=8)
    Deletion.objects.update(due_at=F("due_at") - days, next_step_at=F("next_step_at") - days)
    StoredFile.objects.update(used_at=F("used_at") - days)


def purged() -> None:
    let_time_pass()
    assert purge.purge(60)


def test_what_goes_is_counted_first(full: World) -> None:
    deletion = delete(full)
    counted = {name: count for name, count in deletion.contents.items() if count and name != "bytes"}
    assert counted == {
        "runs": 1, "rows": 2, "files": 1, "collections": 1, "versions": 1, "links": 1, "automations": 1,
    }  # fmt: skip
    assert deletion.contents["bytes"] > 5


def test_another_name_than_its_own_confirms_nothing(full: World) -> None:
    kind = registry.get("project")
    with pytest.raises(ValidationError, match="Write acme/mnist to have it deleted"):
        schedule(kind, full.project, confirmed="mnist")
    assert not Deletion.objects.exists()
    assert Project.objects.filter(pk=full.project.pk).exists()


def test_an_admin_of_the_team_deletes_and_nobody_else(full: World) -> None:
    find = registry.get("project").find
    assert find(full.users["alice"], "acme/mnist") == full.project
    with pytest.raises(PermissionDenied):
        find(full.users["bob"], "acme/mnist")
    with pytest.raises(Http404):
        find(full.users["charlie"], "acme/mnist")


def test_what_waits_for_its_end_is_there_for_nobody(full: World) -> None:
    alice, run = full.users["alice"], Run.objects.get()
    automation = Automation.objects.get()
    Execution.objects.create(automation=automation, team=full.team)
    delete(full)
    with pytest.raises(Http404):
        project_named(alice, "acme", "mnist")
    with pytest.raises(Http404):
        run_named(alice, "acme", "mnist", run.name)
    assert (list(automations_of(alice)), list(executions_of(alice))) == ([], [])


def test_scripts_that_log_to_it_are_refused_and_nothing_is_stored(full: World, api: Any) -> None:
    delete(full)
    rows = {"offset": 2, "rows": [{"loss": 0.1}]}
    assert api.post("/api/v1/projects/acme/mnist/runs/run1/history", rows, format="json").status_code == 404
    assert HistoryChunk.objects.count() == 1


def test_its_name_is_taken_until_its_end(full: World) -> None:
    delete(full)
    for make in (create_project, get_or_create_project):
        with pytest.raises(ValidationError, match="until then its name is taken"):
            make(full.team, "mnist")
    purged()
    assert create_project(full.team, "mnist").pk != full.project.pk


def test_its_runs_do_not_crash_meanwhile_and_its_automations_stay_quiet(full: World) -> None:
    delete(full)
    Run.objects.update(heartbeat_at=timezone.now() - timedelta(days=1))
    assert mark_crashed() == 0
    finish_run(Run.objects.get(), 1)
    worker_loop.run()
    assert not Execution.objects.exists()


def test_undone_it_is_back_as_it_was(full: World) -> None:
    deletion = delete(full)
    undo(deletion, by=full.users["alice"])
    assert project_named(full.users["alice"], "acme", "mnist") == full.project
    assert Automation.objects.get().deletion is None
    finish_run(Run.objects.get(), 1)
    worker_loop.run()
    assert Execution.objects.count() == 1
    let_time_pass()
    assert purge.purge(60)
    assert Project.objects.filter(pk=full.project.pk).exists()


def test_undoing_comes_too_late_once_it_has_begun(full: World) -> None:
    deletion = delete(full)
    purged()
    with pytest.raises(Conflict, match="has begun"):
        undo(deletion)


def test_only_who_may_delete_sees_and_undoes(full: World) -> None:
    deletion = delete(full)
    assert list(deletions_of(full.users["alice"])) == [deletion]
    assert not deletions_of(full.users["bob"]).exists()
    assert not deletions_of(full.users["charlie"]).exists()


def test_nothing_goes_before_its_grace_is_over(full: World) -> None:
    delete(full)
    assert purge.purge(60)
    assert Run.objects.count() == 1


def test_after_the_grace_all_of_it_is_gone_files_too(full: World) -> None:
    other = create_project(full.team, "other")
    stored = StoredFile.objects.get()
    deletion = delete(full)
    purged()
    assert list(Project.all_rows.filter(team=full.team)) == [other]
    for model in (Run, HistoryChunk, RunFile, Version, Entry, Automation, StoredFile):
        assert not model.objects.exists(), model
    assert list(Collection.objects.values_list("registry__name", flat=True)) == ["models"]
    assert not storages["files"].exists(stored.key)
    scope = f"project:{full.project.pk}"
    assert [event for event in Event.objects.all() if scope in event.scopes] == []
    assert not Subscription.objects.filter(scope=scope, subscribers__gt=0).exists()
    deletion.refresh_from_db()
    assert deletion.finished_at is not None
    assert {"run": 1, "historychunk": 1, "project": 1, "storedfile": 1}.items() <= deletion.deleted.items()


def test_a_file_that_another_project_has_too_stays(full: World) -> None:
    other = Run.objects.create(project=create_project(full.team, "other"), name="r", state=RunState.FINISHED)
    RunFile.objects.create(run=other, name="same.yaml", content=StoredFile.objects.get())
    delete(full)
    purged()
    assert storages["files"].exists(StoredFile.objects.get().key)


def test_killed_on_its_way_it_goes_on_where_it_was(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_AT_ONCE", 1)
    ingest_rows(Run.objects.get(), 2, [{"loss": 0.1}], "history")
    deletion = delete(full)
    let_time_pass()
    turns = 0
    while not purge.purge(0):
        turns += 1
        assert turns < 100
    assert turns > 5
    deletion.refresh_from_db()
    assert (deletion.deleted["historychunk"], Project.all_rows.filter(pk=full.project.pk).count()) == (2, 0)


def test_who_asked_who_undid_and_what_went_is_in_the_audit_log(full: World) -> None:
    undo(delete(full), by=full.users["alice"])
    delete(full)
    purged()
    rows = AuditEvent.objects.filter(verb__startswith="deletion.").order_by("pk")
    assert [(row.verb, row.target, row.place) for row in rows] == [
        ("deletion.schedule", "project acme/mnist", "acme"),
        ("deletion.undo", "project acme/mnist", "acme"),
        ("deletion.schedule", "project acme/mnist", "acme"),
        ("deletion.finish", "project acme/mnist", "acme"),
    ]
    assert rows[3].after is not None
    assert rows[3].after["run"] == 1


def test_what_stands_in_the_way_is_noted_and_tried_again(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(_deletion: Deletion) -> Any:
        raise RuntimeError("in the way")

    deletion = delete(full)
    with monkeypatch.context() as patch:
        patch.setattr(registry.get("project"), "batches", stumbles)
        purged()
    deletion.refresh_from_db()
    assert (deletion.problem, deletion.finished_at) == ("RuntimeError: in the way", None)
    purged()
    deletion.refresh_from_db()
    assert (deletion.problem, deletion.finished_at is None) == ("", False)
