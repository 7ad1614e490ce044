"""`runbell doctor`: a broken thing of each kind is found, with its remedy."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils.timezone import now
from pytest_httpserver import HTTPServer

from automations.models import Automation, Execution, ExecutionState
from config.setting_groups import file_storage
from events import task_queue
from events.models import WorkerHeartbeat
from operations import recurring_jobs
from operations.checks import key_fingerprints
from operations.checks.database import clock, sqlite_settings
from operations.checks.examination import examine
from operations.checks.installation import static_files
from operations.checks.operator_check import Finding, Level, registry
from operations.models import RecurringJob, RetentionProgress
from teams.sign_in.single_sign_on.provider_settings import parse_providers
from tests.processes import free_port
from tests.smtp_server import SmtpServer
from tests.world import FAILED, World, failed_at_once


@dataclass
class Patient:
    """An installation that is well, to be made ill."""

    world: World
    settings: Any
    patch: pytest.MonkeyPatch
    web: HTTPServer


@pytest.fixture
def patient(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Iterator[Patient]:
    httpserver.expect_request("/livez").respond_with_json({"ok": True})
    settings.RUNBELL_URL = httpserver.url_for("").rstrip("/")
    WorkerHeartbeat.objects.create(name="host beat-1", beat_at=now())
    yield Patient(world, settings, monkeypatch, httpserver)
    (settings.DATA_DIR / "open.key").unlink(missing_ok=True)


def findings_of(key: str) -> list[Finding]:
    return [examined.finding for examined in examine() if examined.check.key == key and examined.finding.level]


def weak_settings(patient: Patient) -> None:
    patient.settings.HEARTBEAT_SECONDS = 10


def open_files(patient: Patient) -> None:
    file = patient.settings.DATA_DIR / "open.key"
    file.touch()
    file.chmod(0o644)


def full_disk(patient: Patient) -> None:
    patient.settings.ALARM_DISK_PERCENT = 100


def unbuilt(patient: Patient) -> None:
    patient.patch.setattr(static_files, "_BUILT", ("build/never-built.css",))


def lost_key(patient: Patient) -> None:
    patient.world.secret("TOKEN", "x")
    by_another = Fernet(Fernet.generate_key()).encrypt(b"x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE secrets_vault_secret SET value = %s", [connection.Database.Binary(by_another)])  # type: ignore[attr-defined]


def other_keys(patient: Patient) -> None:
    ours = key_fingerprints.of_this_host()
    key_fingerprints.write(ours)
    key_fingerprints.write(replace(ours, host="elsewhere", secret="another"))


def old_backup(patient: Patient) -> None:
    recurring_jobs.note_done("backup")
    RecurringJob.objects.filter(name="backup").update(due_at=now() - timedelta(days=8))


def wrong_clock(patient: Patient) -> None:
    patient.patch.setattr(clock, "database_now", lambda: now() + timedelta(seconds=45))


def missing_migration(patient: Patient) -> None:
    MigrationRecorder.Migration.objects.filter(app="operations").order_by("-id")[:1].get().delete()


def later_version(patient: Patient) -> None:
    MigrationRecorder.Migration.objects.create(app="operations", name="9999_of_a_later_version")


def lax_sqlite(patient: Patient) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the database is not SQLite")
    # A database in memory has no log to write ahead.
    patient.patch.setitem(sqlite_settings._WANTED, "journal_mode", ("wal",))


def backlog(patient: Patient) -> None:
    patient.world.webhook("http://127.0.0.1:9/hook")
    patient.world.automation(FAILED)
    failed_at_once(patient.world.project, ["run1"])
    patient.settings.ALARM_BACKLOG_SECONDS = -1


def failed_execution(patient: Patient) -> None:
    automation = Automation.objects.create(name="a", team=patient.world.team, scope="project:0")
    ended = Execution.ended(ExecutionState.FAILED, "The receiver answered 500.")
    Execution.objects.create(automation=automation, team=patient.world.team, **ended)


def failing_receiver(patient: Patient) -> None:
    patient.world.webhook("http://127.0.0.1:9/hook", failing_since=now() - timedelta(hours=1))


def late_schedule(patient: Patient) -> None:
    RecurringJob.objects.create(name="failure_digest", due_at=now() - timedelta(hours=3))


def standing_retention(patient: Patient) -> None:
    RetentionProgress.objects.update_or_create(kind="events", defaults={"due_at": now() - timedelta(days=1)})


def silent_workers(patient: Patient) -> None:
    WorkerHeartbeat.objects.update(beat_at=now() - timedelta(seconds=90))


def broker_away(patient: Patient) -> None:
    patient.settings.REDIS_URL = "redis://cache.test:6379/0"
    patient.patch.setattr(task_queue, "is_answering", lambda: False)


def provider_away(patient: Patient) -> None:
    provider = {"id": "okta", "label": "Okta", "issuer": f"http://127.0.0.1:{free_port()}", "client_id": "x"}
    provider |= {"client_secret": "hush-hush-secret", "networks": ["127.0.0.0/8"]}
    patient.settings.IDENTITY_PROVIDERS = parse_providers(json.dumps([provider]))


def mail_away(patient: Patient) -> None:
    patient.settings.EMAIL_HOST, patient.settings.EMAIL_PORT = "127.0.0.1", free_port()


def someone_elses_address(patient: Patient) -> None:
    patient.web.clear()
    patient.web.expect_request("/livez").respond_with_data("It works!")


def address_away(patient: Patient) -> None:
    patient.settings.RUNBELL_URL = f"http://127.0.0.1:{free_port()}"


def bucket_away(patient: Patient) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    patient.patch.setenv("RUNBELL_ARTIFACT_FILES", "s3://weights")
    patient.settings.FILES_ELSEWHERE, patient.settings.S3_ENDPOINT = True, endpoint
    patient.settings.STORAGES = {
        **patient.settings.STORAGES,
        "files": file_storage.storage(patient.settings.DATA_DIR)[1],
    }


# What is made ill, by the check that finds it: what it says, and what it says to do.
ILL: list[tuple[str, Callable[[Patient], None], Level, str, str]] = [
    ("settings", weak_settings, Level.WARNING, "RUNBELL_HEARTBEAT_SECONDS is 10", "Set it to 60"),
    ("data_folder", open_files, Level.PROBLEM, "others can read open.key", "chmod -R go="),
    ("disk", full_disk, Level.PROBLEM, "is nearly full", "RUNBELL_RETENTION"),
    ("static_files", unbuilt, Level.PROBLEM, "build/never-built.css is not there", "make frontend"),
    ("vault_keys", lost_key, Level.PROBLEM, "No key in RUNBELL_FERNET_KEYS opens 1", "Add the key"),
    ("host_keys", other_keys, Level.PROBLEM, "RUNBELL_SECRET_KEY", "the same RUNBELL_SECRET_KEY"),
    ("backup", old_backup, Level.WARNING, "The last backup by `runbell backup` is of", "runbell backup FILE"),
    ("clock", wrong_clock, Level.PROBLEM, "is 45.0 s ahead of this host's", "NTP"),
    ("migrations", missing_migration, Level.PROBLEM, "1 migrations are not applied", "runbell migrate"),
    ("migrations", later_version, Level.PROBLEM, "operations.9999_of_a_later_version", "Start that version"),
    ("sqlite_settings", lax_sqlite, Level.PROBLEM, "journal_mode is memory", "local disk"),
    ("backlog", backlog, Level.PROBLEM, "An event has waited to be judged", "start more"),
    ("executions", failed_execution, Level.WARNING, "1 deliveries failed for good", "automation's history"),
    ("integrations", failing_receiver, Level.PROBLEM, "such as acme/webhook/hook", "Send a test"),
    ("schedules", late_schedule, Level.WARNING, "failure_digest is due since 3 hours", "workers' log"),
    ("retention", standing_retention, Level.WARNING, "events stands still since", "runbell retention"),
    ("workers", silent_workers, Level.PROBLEM, "silent since 90 s", "Start `runbell worker`"),
    ("broker", broker_away, Level.PROBLEM, "Redis does not answer", "Start Redis"),
    ("identity_providers", provider_away, Level.PROBLEM, "okta: ", "Mend issuer"),
    ("mail_server", mail_away, Level.PROBLEM, "ConnectionRefusedError", "Mend EMAIL_URL"),
    ("public_url", address_away, Level.PROBLEM, "is not answered, seen from here", "Start web"),
    ("public_url", someone_elses_address, Level.PROBLEM, "by something else than Runbell", "the proxy in front"),
    ("s3", bucket_away, Level.PROBLEM, "RUNBELL_S3_ENDPOINT cannot be reached now", "Mend RUNBELL_S3_ENDPOINT"),
]


def test_each_check_has_something_that_it_finds() -> None:
    assert {check.key for check in registry} == {key for key, *_rest in ILL} | {"database"}


@pytest.mark.parametrize("key, make_ill, level, said, remedy", ILL, ids=[make.__name__ for _key, make, *_ in ILL])
def test_what_is_broken_is_found_with_its_remedy(
    patient: Patient, key: str, make_ill: Callable[[Patient], None], level: Level, said: str, remedy: str
) -> None:
    make_ill(patient)
    finding = findings_of(key)[0]
    assert (finding.level, said in finding.found, remedy in finding.remedy) == (level, True, True), finding


@pytest.fixture
def away(patient: Patient) -> Iterator[None]:
    there = connections["default"]
    refused = {**there.settings_dict, "NAME": "runbell", "USER": "bell", "PASSWORD": "hunter2", "OPTIONS": {}}
    connections["default"] = DatabaseWrapper({**refused, "HOST": "127.0.0.1", "PORT": str(free_port())}, "default")
    yield
    connections["default"] = there


def doctor(*options: str) -> tuple[str, int]:
    """Give what the command prints, and with what it exits."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", *options, stdout=out, no_color=True)
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), code


def test_without_a_database_the_rest_is_looked_at(away: None) -> None:
    said, code = doctor("--json")
    told = {one["check"]: one for one in json.loads(said)["checks"]}
    assert code == 2
    assert told["database"]["found"].startswith("The database does not answer.")
    assert "hunter2" not in said
    assert told["migrations"]["found"] == "Not looked at, for the database does not answer."
    assert told["disk"]["level"] == told["public_url"]["level"] == "ok"


def test_where_all_is_well_it_says_so_and_exits_with_0(patient: Patient) -> None:
    said, code = doctor()
    assert code == 0, said
    assert [line for line in said.splitlines() if not line.startswith("ok ")] == []


def test_warnings_exit_with_1_and_name_the_remedy(patient: Patient) -> None:
    weak_settings(patient)
    said, code = doctor()
    assert code == 1
    assert "warning  Settings: RUNBELL_HEARTBEAT_SECONDS is 10" in said
    assert "         -> Set it to 60 or more." in said


def test_a_mail_server_that_refuses_the_sign_in_is_found(patient: Patient) -> None:
    with SmtpServer() as server:
        server.says["AUTH"] = "535 5.7.8 no"
        settings = patient.settings
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        assert findings_of("mail_server") == []
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "bell", "hunter2"
        (finding,) = findings_of("mail_server")
    assert finding.found.startswith("the mail server cannot be used now (SMTP")
