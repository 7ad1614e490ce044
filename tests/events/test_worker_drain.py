from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection

from events import worker_drain, worker_heartbeat
from events.models import WorkerHeartbeat


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "beat-x"
    path.touch()
    monkeypatch.setenv(worker_heartbeat.HEARTBEAT_FILE_VARIABLE, str(path))
    monkeypatch.setattr(worker_heartbeat, "_written_at", [-10.0])
    return path


def test_nobody_stops_before_it_is_asked_to(file: Path) -> None:
    assert not worker_drain.is_stopping()
    worker_drain.ask_to_stop(file, 5)
    at = worker_drain.stop_at()
    assert at is not None
    assert 4 < at - time.monotonic() <= 5.001


def test_where_nobody_supervises_nobody_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(worker_heartbeat.HEARTBEAT_FILE_VARIABLE, raising=False)
    with worker_drain.at_work():
        assert not worker_drain.is_stopping()


def test_the_supervisor_sees_who_is_at_work(file: Path) -> None:
    assert not worker_drain.is_anybody_at_work(file)
    with worker_drain.at_work(), worker_drain.at_work():
        assert worker_drain.is_anybody_at_work(file)
    assert not worker_drain.is_anybody_at_work(file)


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_is_seen_in_the_database_too(file: Path) -> None:
    assert worker_heartbeat.youngest_seconds() is None
    worker_heartbeat.record_worker_heartbeat()
    worker_heartbeat.record_worker_heartbeat()
    assert [row.name.split()[1] for row in WorkerHeartbeat.objects.all()] == ["beat-x"]
    age = worker_heartbeat.youngest_seconds()
    assert age is not None
    assert age < 60


@pytest.mark.django_db
def test_a_heartbeat_writes_nothing_into_a_transaction(file: Path) -> None:
    assert connection.in_atomic_block
    worker_heartbeat.record_worker_heartbeat()
    assert not WorkerHeartbeat.objects.exists()
