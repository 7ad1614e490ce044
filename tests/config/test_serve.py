from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config import first_start
from projects.models import Project
from teams.access import administered_by
from teams.keys import key_of
from teams.models import User
from tests.processes import Environment, Server, alive_in, children, free_port, new_environment, wait_until

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
    shown = _shown(server)

    assert shown["Open"] == server.url
    assert shown["Data"] == server.environment["RUNBELL_DATA_DIR"]
    assert len(shown["API key"]) == 46
    assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
    assert _signs_in(server.url, *shown["Sign in"].split(" / "))


@pytest.mark.processes
def test_a_second_start_shows_the_same_and_keeps_the_data(server: Server) -> None:
    first = server.printed
    _stop(server)

    with Server(server.environment) as again:
        again.wait_until_ready()
        assert again.printed == first
        assert _signs_in(again.url, *_shown(again)["Sign in"].split(" / "))


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_stops_everything(server: Server, number: signal.Signals) -> None:
    server.signal_group(number)

    server.wait_until_ended(STOPPED_SECONDS)
    assert server.process.returncode == 0
    assert not alive_in(server.environment)


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


def _shown(server: Server) -> dict[str, str]:
    """What the block says, by its labels."""
    rows = [line[4:] for line in server.printed.splitlines() if line.startswith("    ")]
    return {row[:10].strip(): row[10:] for row in rows}


def _signs_in(url: str, user: str, password: str) -> bool:
    with requests.Session() as browser:
        address = f"{url}/admin/login/?next=/admin/"
        browser.get(address, timeout=60)
        form = {"username": user, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post(address, form, headers={"Referer": address}, timeout=60, allow_redirects=False)
        return answer.status_code == 302 and "sessionid" in browser.cookies


def _stop(server: Server) -> None:
    server.signal_group(signal.SIGINT)
    server.wait_until_ended(STOPPED_SECONDS)
