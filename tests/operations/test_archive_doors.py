"""Exports by page and REST in the background, who may fetch them, and imports over REST."""

from __future__ import annotations

import hashlib
import tarfile
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from operations.archives import archive_jobs
from operations.models import ArchiveJob
from projects.models import Run
from projects.runs.lifecycle import finish_run
from teams.models import AuditEvent
from tests.conftest import as_person
from tests.operations.test_deletion import delete
from tests.world import World

ARCHIVES = "/api/v1/teams/acme/archives"


@pytest.fixture
def logged(world: World) -> World:
    finish_run(world.run("run1"), 0)
    return world


def exported(api: Any, **asked: Any) -> dict[str, Any]:
    job = api.post(ARCHIVES, {"format": "jsonl", **asked}, format="json").json()
    archive_jobs.run_waiting()
    found: dict[str, Any] = api.get(f"{ARCHIVES}/{job['id']}").json()
    return found


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_an_admin_asks_on_the_page_and_fetches_it_there(logged: World, client: Client) -> None:
    client.force_login(logged.users["alice"])
    assert "/profile/exports?name=acme/mnist" in client.get("/acme/mnist/edit").content.decode()
    assert 'value="acme/mnist"' in client.get("/profile/exports", {"name": "acme/mnist"}).content.decode()
    said = client.post("/profile/exports", {"name": "acme/mnist"}, follow=True).content.decode()
    assert "is being exported" in said
    archive_jobs.run_waiting()
    job = ArchiveJob.objects.get()
    assert f"/profile/exports/{job.pk}/archive" in client.get("/profile/exports").content.decode()
    answer = client.get(f"/profile/exports/{job.pk}/archive")
    assert answer["Content-Disposition"].endswith(f"acme-mnist-{job.asked_at:%Y-%m-%d}.tar")
    with tarfile.open(fileobj=BytesIO(body_of(answer))) as tar:
        assert {"manifest.json", "SHA256SUMS", "automations.yaml", "runs.jsonl.gz"} <= set(tar.getnames())


def test_the_audit_log_tells_who_fetched_which_export(logged: World, api: Any, client: Client) -> None:
    job = exported(api)
    waiting = api.post(ARCHIVES, {"format": "jsonl"}, format="json").json()
    assert api.get(f"{ARCHIVES}/{waiting['id']}/file").status_code == 409
    assert as_person(logged.keys["bob"]).get(f"{ARCHIVES}/{job['id']}/file").status_code == 403
    assert not AuditEvent.objects.filter(verb="archive.fetch").exists()
    content = body_of(api.get(f"{ARCHIVES}/{job['id']}/file"))
    client.force_login(logged.users["alice"])
    client.get(f"/profile/exports/{job['id']}/archive")
    told = {"export": job["id"], "size": len(content), "md5": hashlib.md5(content).hexdigest()}
    found = AuditEvent.objects.filter(verb="archive.fetch", team=logged.team).order_by("pk")
    assert [(row.user, row.target, row.after, row.door) for row in found] == [
        (logged.users["alice"], "export of acme", told, door) for door in ("rest", "page")
    ]


def test_nobody_else_asks_for_one_or_fetches_it(logged: World, api: Any) -> None:
    job = exported(api)
    for person, status in (("bob", 403), ("vera", 403), ("charlie", 404)):
        other = as_person(logged.keys[person])
        assert other.post(ARCHIVES, {}, format="json").status_code == status
        assert other.get(f"{ARCHIVES}/{job['id']}/file").status_code == status
    assert ArchiveJob.objects.count() == 1


def test_an_export_of_what_is_deleted_is_there_no_more(logged: World, api: Any) -> None:
    job = exported(api, project="mnist")
    assert api.get(f"{ARCHIVES}/{job['id']}/file").status_code == 200
    delete(logged)
    assert api.get(f"{ARCHIVES}/{job['id']}/file").status_code == 404


def test_what_was_exported_is_imported_over_rest(logged: World, api: Any, client: Client) -> None:
    job = exported(api)
    content = body_of(api.get(f"{ARCHIVES}/{job['id']}/file"))
    charlie, other = as_person(logged.keys["charlie"]), "/api/v1/teams/other/archives"
    sent = {"md5": hashlib.md5(content).hexdigest()}
    assert charlie.post(f"{other}/import", sent, format="json").status_code == 400
    place = charlie.post(f"{other}/upload", sent, format="json").json()["upload_url"]
    assert client.put(urlsplit(place).path, content, content_type="application/x-tar").status_code == 200
    asked = charlie.post(f"{other}/import", sent, format="json")
    assert asked.status_code == 202
    archive_jobs.run_waiting()
    done = charlie.get(f"{other}/{asked.json()['id']}").json()
    assert (done["problem"], done["report"]["created"]["runs"]) == ("", 1)
    assert Run.objects.filter(project__team=logged.other_team, name="run1").exists()


def test_a_job_whose_process_died_is_begun_anew_and_at_last_given_up(logged: World, api: Any) -> None:
    api.post(ARCHIVES, {"format": "jsonl"}, format="json")
    ArchiveJob.objects.update(leased_until=timezone.now() + timedelta(minutes=1), tries=1)
    archive_jobs.run_waiting()
    assert ArchiveJob.objects.get().finished_at is None
    ArchiveJob.objects.update(leased_until=timezone.now() - timedelta(minutes=1), tries=3)
    archive_jobs.run_waiting()
    assert ArchiveJob.objects.get().problem.startswith("It was begun three times")


def test_after_a_week_it_is_let_go(logged: World, api: Any) -> None:
    exported(api)
    ArchiveJob.objects.update(finished_at=timezone.now() - timedelta(days=8))
    archive_jobs.start_waiting()
    assert not ArchiveJob.objects.exists()
