"""Wake-ups by a pipe: heard at once by one who waits, and no trouble where nobody does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django_q.signing import SignedPackage

from events.wake_ups import wake_pipe
from events.wake_ups.database_queue import DatabaseQueue
from events.wake_ups.wake_pipe import Listener


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def test_who_waits_hears_it_at_once(listener: Listener) -> None:
    threading.Timer(0.2, wake_pipe.ring, [b"w"]).start()
    begun_at = time.monotonic()
    assert listener.wait(10) == b"w"
    assert time.monotonic() - begun_at < 5


def test_a_thousand_rings_before_anybody_looks_are_heard_as_one(listener: Listener) -> None:
    for _ in range(1000):
        wake_pipe.ring(b"w")
    assert set(listener.wait(0)) == {ord("w")}
    assert listener.wait(0) == b""


def test_a_full_pipe_holds_nobody_up(listener: Listener) -> None:
    for _ in range(200):
        wake_pipe.ring(b"w" * 4096)
    assert listener.wait(0)


def test_where_nobody_listens_nothing_happens(folder: Path) -> None:
    wake_pipe.ring(b"w")
    Listener().close()
    wake_pipe.ring(b"w")
    assert [path.name for path in folder.iterdir()] == [wake_pipe.NAME]
    assert not wake_pipe.NAME.startswith("heartbeat")


def test_a_ring_is_heard_by_one_of_two_clusters(listener: Listener) -> None:
    other = Listener()
    wake_pipe.ring(b"w")
    assert sorted([listener.wait(0), other.wait(0)]) == [b"", b"w"]
    other.close()


@pytest.mark.parametrize(
    ("words", "task"), [(b"w", ours.ENGINE_TASK), (b"s", ours.SWEEP_TASK), (b"wsw", ours.SWEEP_TASK)]
)
@pytest.mark.django_db
def test_the_pool_gets_one_task_for_what_was_rung(words: bytes, task: str) -> None:
    queue = DatabaseQueue()
    assert queue.dequeue() is None
    wake_pipe.ring(words)
    found = queue.dequeue()
    assert found is not None
    assert [SignedPackage.loads(one)["func"] for _receipt, one in found] == [task]


@pytest.mark.django_db
def test_a_folder_that_takes_no_pipe_is_swept_each_second(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / wake_pipe.NAME).write_text("no pipe")
    queue, begun_at = DatabaseQueue(), time.monotonic()
    for _ in range(2):
        found = queue.dequeue()
        assert found is not None
        assert SignedPackage.loads(found[0][1])["func"] == ours.SWEEP_TASK
    assert time.monotonic() - begun_at >= 2
    assert len(caplog.messages) == 1
