from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from operations import first_start
from projects.models import Project
from teams.access import administered_by
from teams.accounts.api_key import key_of
from teams.models import User
from tests.processes import (
    ROOT,
    Environment,
    Server,
    alive_in,
    children,
    descendants,
    free_port,
    new_environment,
    wait_until,
)
from tests.receiving import Tally

STOPPED_SECONDS = 5


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with new_environment(tmp_path) as variables:
        yield variables


@pytest.fixture
def server(environment: Environment) -> Iterator[Server]:
    with Server(environment) as started:
        started.wait_until_ready()
        yield started


@pytest.mark.processes
def test_the_first_start_shows_all_one_needs_to_begin(server: Server) -> None:
    shown, file = _labelled(server), Path(server.environment["RUNBELL_DATA_DIR"]) / "sign-in.txt"

    assert shown["Open"] == server.url
    assert shown["Data"] == server.environment["RUNBELL_DATA_DIR"]
    assert shown["Sign in"] == f"as admin: {file}"
    assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
    made = _in_file(file)
    # What is written to a log stays there.
    assert (made["password"] in server.printed, made["api_key"] in server.printed) == (False, False)
    assert _signs_in(server.url, made["user"], made["password"])
    assert not file.exists()


@pytest.mark.processes
def test_a_terminal_is_shown_the_sign_in_once(environment: Environment) -> None:
    printed = [_at_a_terminal(environment) for _ in range(2)]
    made = _in_file(Path(environment["RUNBELL_DATA_DIR"]) / "sign-in.txt")
    assert f"{made['user']} / {made['password']}" in printed[0]
    assert made["api_key"] in printed[0]
    assert (made["password"] in printed[1], made["api_key"] in printed[1]) == (False, False)
    assert "sign-in.txt" in printed[1]


@pytest.mark.processes
def test_a_second_start_shows_the_same_and_keeps_the_data(server: Server) -> None:
    first, made = server.printed, _in_file(Path(server.environment["RUNBELL_DATA_DIR"]) / "sign-in.txt")
    _stop(server)

    with Server(server.environment) as again:
        again.wait_until_ready()
        assert again.printed == first
        assert _signs_in(again.url, made["user"], made["password"])


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_stops_everything(server: Server, number: signal.Signals) -> None:
    server.signal_group(number)

    server.wait_until_ended(STOPPED_SECONDS)
    assert server.process.returncode == 0
    assert not alive_in(server.environment)


@pytest.mark.processes
def test_a_stop_lets_an_upload_finish_and_takes_nobody_new(server: Server) -> None:
    port = int(server.environment["PORT"])
    with socket.create_connection(("127.0.0.1", port), 30) as upload:
        upload.sendall(b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n12345")
        # Taken before the stop: the next one is answered behind it.
        requests.get(f"{server.url}/livez", timeout=60)
        server.signal_group(signal.SIGTERM)
        wait_until(lambda: not _connects(port), 10, "nobody new is taken")
        assert server.process.poll() is None
        upload.sendall(b"67890")
        assert upload.recv(4096).startswith(b"HTTP/1.1 200 OK")
    server.wait_until_ended(STOPPED_SECONDS)
    assert server.process.returncode == 0


@pytest.fixture
def operator(environment: Environment) -> Iterator[Tally]:
    """Takes heartbeats, which have an id, and alarms, which have none."""
    with Tally() as receiver:
        environment |= {
            "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32",
            "RUNBELL_DEADMAN_URL": receiver.url, "RUNBELL_DEADMAN_SECONDS": "1",
            "RUNBELL_ALARM_WEBHOOK_URL": receiver.url,
            "RUNBELL_ALARM_SILENT_SECONDS": "8", "RUNBELL_ALARM_LOOK_SECONDS": "1",
            "RUNBELL_LOG_FORMAT": "json", "RUNBELL_LOG_LEVEL": "info,django-q=info", "RUNBELL_ACCESS_LOG": "all",
        }  # fmt: skip
        yield receiver
        receiver.stop()


@pytest.mark.processes
def test_with_all_workers_stopped_readyz_says_so_the_heartbeat_stops_and_the_alarm_goes_out(
    operator: Tally, server: Server
) -> None:
    wait_until(lambda: _readiness(server) == 200 and len(operator.bodies) > 1, 30, "a worker beats")
    _stop_workers(server)
    beats = set(operator.bodies)
    wait_until(lambda: _readiness(server) == 503, 15, "its silence is told")
    wait_until(lambda: None in operator.bodies, 30, f"the alarm goes out\n{server.printed}")
    assert b'"worker_silent", "state": "firing"' in operator.bodies[None][0]  # type: ignore[index]
    # One may have been on its way.
    assert len(set(operator.bodies) - beats - {None}) <= 1  # type: ignore[arg-type]
    problems = requests.get(f"{server.url}/readyz", timeout=60).json()["problems"]
    assert [problem[:36] for problem in problems] == ["The last sign of life of a worker is"]
    assert requests.get(f"{server.url}/readyz?only=web", timeout=60).status_code == 200
    assert _found_by_doctor(server) >= {("workers", "problem"), ("public_url", "ok"), ("database", "ok")}
    _check_log(server)


def _found_by_doctor(server: Server) -> set[tuple[str, str]]:
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    return {(one["check"], one["level"]) for one in json.loads(done.stdout)["checks"]}


def _check_log(server: Server) -> None:
    """Every process writes JSON alike, and a request's line has the id of its answer."""
    answer = requests.get(f"{server.url}/api/v1/me", headers={"X-Request-ID": "a-stranger's"}, timeout=60)
    wait_until(lambda: "/api/v1/me" in server.printed, 10, "the access log")
    lines = [json.loads(line) for line in server.printed.splitlines()]
    assert {"gunicorn.error", "django-q", "startup", "access"} <= {line["logger"] for line in lines}
    (access,) = [line for line in lines if line["logger"] == "access"]
    assert (access["status"], access["request_id"]) == (401, answer.headers["X-Request-ID"])


@pytest.mark.processes
@pytest.mark.parametrize("place, name", [(0, "web"), (1, "worker")])
def test_the_death_of_one_ends_the_other_and_says_which(server: Server, place: int, name: str) -> None:
    os.kill(children(server.pid)[place], signal.SIGKILL)

    server.wait_until_ended(STOPPED_SECONDS + 1)
    assert server.process.returncode == 1
    assert f"The {name} process ended by itself (exit code -9)" in server.printed
    assert not alive_in(server.environment)


@pytest.mark.processes
def test_nothing_outlives_it_even_when_it_is_killed(server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)

    server.process.wait()
    wait_until(lambda: not alive_in(server.environment), 2, "no process left")


@pytest.mark.processes
def test_a_taken_port_is_refused_before_anything_is_made(environment: Environment) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        with Server({**environment, "PORT": str(port)}) as server:
            server.wait_until_ended(10)

    assert server.process.returncode == 1
    assert f"PORT {port} is in use; choose another with PORT={port + 1}" in server.printed
    assert not list(server.log.parent.glob("*.sqlite3"))


@pytest.mark.django_db
def test_the_first_person_can_do_everything(tmp_path: Path) -> None:
    made = first_start.prepare(tmp_path)

    assert made is not None
    admin = User.objects.get()
    assert (admin.username, admin.is_superuser, admin.check_password(made.password)) == ("admin", True, True)
    assert [team.name for team in administered_by(admin)] == ["demo"]
    assert [str(project) for project in Project.objects.all()] == ["demo/playground"]
    key = key_of(made.api_key)
    assert key is not None
    assert key.user == admin


@pytest.mark.django_db
def test_the_sign_in_is_for_its_owner_alone(tmp_path: Path) -> None:
    first_start.prepare(tmp_path)

    assert stat.S_IMODE((tmp_path / "sign-in.txt").stat().st_mode) == 0o600


@pytest.mark.django_db
def test_a_deleted_sign_in_is_shown_no_more(tmp_path: Path) -> None:
    first_start.prepare(tmp_path)
    (tmp_path / "sign-in.txt").unlink()

    assert first_start.prepare(tmp_path) is None
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_where_the_sign_in_cannot_be_written_nobody_is_made(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        first_start.prepare(tmp_path / "not there")

    assert not User.objects.exists()


def _stop_workers(server: Server) -> None:
    """Stop them all, but not while one of them holds SQLite's only lock for writing: that would stop web too."""
    worker = children(server.pid)[1]
    while True:
        pids = (worker, *descendants(worker))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        if "DATABASE_URL" in server.environment or _can_be_written(server):
            return
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)


def _can_be_written(server: Server) -> bool:
    file = Path(server.environment["RUNBELL_DATA_DIR"]) / "runbell.sqlite3"
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        database.execute("ROLLBACK")
    return True


def _labelled(server: Server) -> dict[str, str]:
    """What the block says, by its labels."""
    rows = [line[4:] for line in server.printed.splitlines() if line.startswith("    ")]
    return {row[:10].strip(): row[10:] for row in rows}


def _in_file(file: Path) -> dict[str, str]:
    lines = (line.partition(" = ") for line in file.read_text().splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in lines}


def _at_a_terminal(environment: Environment) -> str:
    """Start and stop a server whose output is a terminal; give what it shows."""
    ours, theirs = os.openpty()
    command = [sys.executable, "manage.py", "serve"]
    variables = {**environment, "PORT": str(free_port())}
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    printed = ""
    while "Ctrl-C stops it" not in printed:
        printed += os.read(ours, 4096).decode()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(20)
    os.close(ours)
    return printed


def _signs_in(url: str, user: str, password: str) -> bool:
    with requests.Session() as browser:
        address = f"{url}/sign-in?next=/admin/"
        browser.get(address, timeout=60)
        form = {"username": user, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post(address, form, headers={"Referer": address}, timeout=60, allow_redirects=False)
        return answer.status_code == 302 and "sessionid" in browser.cookies


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def _readiness(server: Server) -> int:
    return requests.get(f"{server.url}/readyz", timeout=60).status_code


def _stop(server: Server) -> None:
    server.signal_group(signal.SIGINT)
    server.wait_until_ended(STOPPED_SECONDS)
