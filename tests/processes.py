"""Real processes for tests: Runbell's commands on a database and a data folder of their own."""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
Environment = dict[str, str]


def wait_until(condition: Callable[[], object], seconds: float, what: str = "") -> float:
    """Wait for the condition and give how long that took; fails the test when it takes longer.

    The seconds are those of a machine that works for us alone: where others work too, they are longer.
    """
    begun_at, longest = time.monotonic(), seconds
    while not condition():
        taken = time.monotonic() - begun_at
        if taken >= longest:
            longest = max(longest, seconds * crowding())
            assert taken < longest, f"not within {longest:.0f} s: {what or condition}"
        time.sleep(0.05)
    return time.monotonic() - begun_at


def crowding() -> float:
    """Give how much longer a second of work takes because others work on this machine: 1 where nobody does."""
    wall, used = time.monotonic(), time.thread_time()
    while time.thread_time() - used < 0.2:
        pass
    return min(max((time.monotonic() - wall) / 0.2, 1.0), 8.0)


def free_port() -> int:
    """Give a port nobody listens at, below those the kernel hands out: a client could connect to itself there."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def descendants(pid: int) -> list[int]:
    """Give the children of a process and theirs, in the order of their start. Zombies do not count."""
    parents = {child: stat for child, stat in _all_processes().items() if stat["state"] != "Z"}
    found: list[int] = []
    wanted = {pid}
    while wanted:
        wanted = {child for child, stat in parents.items() if stat["parent"] in wanted}
        found += wanted
    return sorted(found, key=lambda child: (parents[child]["start"], child))


def children(pid: int) -> list[int]:
    """Give the children alone, in the order of their start."""
    stats = _all_processes()
    return [child for child in descendants(pid) if child in stats and stats[child]["parent"] == pid]


def alive_in(environment: Environment) -> list[int]:
    """Give every process that works on this data folder, orphans too."""
    folder = environment["RUNBELL_DATA_DIR"]
    return [
        pid
        for pid, stat in _all_processes().items()
        if stat["state"] != "Z" and _variables(pid).get("RUNBELL_DATA_DIR") == folder
    ]


def kill(pids: Iterable[int]) -> None:
    """Kill them all at one moment: stopped first, none of them sees another's death and takes over its work."""
    pids = list(pids)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def new_environment(data_folder: Path) -> Iterator[Environment]:
    """Give the variables of a new, migrated Runbell: on SQLite, or on the PostgreSQL server of DATABASE_URL."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUNBELL_", "PYTEST_"))}
    environment |= {"RUNBELL_DATA_DIR": str(data_folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    # It is there to be looked at: tests/browser asks for it.
    environment["RUNBELL_SAMPLE"] = "false"
    _empty_queue(environment)
    server = environment.pop("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield environment
        return
    name = f"runbell_processes_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environment, "DATABASE_URL": urlsplit(server)._replace(path=f"/{name}").geturl()}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _empty_queue(environment: Environment) -> None:
    """Take what another Runbell of the tests left in the queue when it was killed: no key of this one opens it."""
    if environment.get("REDIS_URL"):
        with redis.from_url(environment["REDIS_URL"]) as there:
            there.delete("django_q:runbell:q")


def manage(environment: Environment, *command: str) -> str:
    """Run a command to its end and give what it printed."""
    return _run([sys.executable, "manage.py", *command], environment)


def run_module(environment: Environment, module: str, *arguments: str) -> str:
    """Run a module of ours as a program and give what it printed."""
    return _run([sys.executable, "-m", module, *arguments], environment)


def process_one_event(environment: Environment, seconds: float = 120) -> None:
    """Publish a real event and wait until the engine has judged it."""
    _run([sys.executable, "-c", _ONE_EVENT, str(seconds)], environment)


class Command:
    """`manage.py <name>` in a process group of its own, as a terminal starts it; nothing of it stays after the test."""

    name = ""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.log = Path(environment["RUNBELL_DATA_DIR"]) / f"{self.name}-{secrets.token_hex(3)}.log"

    def __enter__(self) -> Any:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", self.name],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        for pid in {self.process.pid, *alive_in(self.environment)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def signal_group(self, number: signal.Signals) -> None:
        os.killpg(self.pid, number)

    def wait_until_ended(self, seconds: float) -> float:
        return wait_until(lambda: self.process.poll() is not None, seconds, f"{self.name} ends\n{self.printed}")


class Worker(Command):
    """`manage.py worker`, and the processes of django-q2 below it."""

    name = "worker"

    @property
    def main(self) -> int:
        return children(self.pid)[0]

    @property
    def sentinel(self) -> int:
        return children(self.main)[0]

    @property
    def pool(self) -> list[int]:
        """The sentinel starts them first, then the monitor and the pusher."""
        return children(self.sentinel)[:2]

    @property
    def forks(self) -> list[int]:
        """All that the sentinel started, whoever of them does the work: what was started anew is not the first."""
        return children(self.sentinel)

    @property
    def heartbeat_file(self) -> Path:
        """The one of this worker, by its number: others that were killed may have left theirs."""
        found: list[Path] = []

        def heartbeat_files() -> list[Path]:
            found[:] = Path(self.environment["RUNBELL_DATA_DIR"]).glob(f"heartbeat-{self.pid}-*")
            return found

        wait_until(heartbeat_files, 10, "a cluster")
        return found[0]

    def wait_for_a_heartbeat(self, seconds: float = 30) -> float:
        file = self.heartbeat_file
        before = file.stat().st_mtime_ns
        return wait_until(lambda: file.stat().st_mtime_ns != before, seconds, f"a heartbeat\n{self.printed}")

    def wait_until_idle(self) -> None:
        """Wait until the whole cluster has come up and has answered twice."""
        self.wait_for_a_heartbeat()
        self.wait_for_a_heartbeat()
        wait_until(lambda: len(descendants(self.pid)) == 6, 10, "six processes")


class Server(Command):
    """`manage.py serve` on a free port."""

    name = "serve"

    def __init__(self, environment: Environment) -> None:
        port = environment.get("PORT") or str(free_port())
        super().__init__({**environment, "PORT": port})
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self, seconds: float = 30) -> float:
        # The latter in JSON.
        words = ("Ctrl-C stops it", "is ready at")
        return wait_until(lambda: any(word in self.printed for word in words), seconds, f"ready\n{self.printed}")


def _all_processes() -> dict[int, dict[str, Any]]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The name stands in brackets and may hold spaces.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = {"state": fields[0], "parent": int(fields[1]), "start": int(fields[19])}
    return found


def _variables(pid: int) -> Environment:
    """Give the environment a process was started with; none of one that is gone or of someone else."""
    try:
        text = Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return {}
    return dict(pair.split("=", 1) for pair in text.split("\0") if "=" in pair)


def _run(command: list[str], environment: Environment) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


_ONE_EVENT = """
import sys, time
import django
django.setup()
from events.models import Event, Subscription
from projects.models import Project
from projects.runs.lifecycle import RunDetails, start_run
from teams.models import Organization, Team

organization, _ = Organization.objects.get_or_create(name="acme")
team, _ = Team.objects.get_or_create(organization=organization, name="acme")
project, _ = Project.objects.get_or_create(team=team, name="mnist")
Subscription.objects.update_or_create(kind="run.state", scope=project.scopes[0], defaults={"subscribers": 1})
start_run(project, None, RunDetails(), user=None)
event = Event.objects.latest("id")
deadline = time.monotonic() + float(sys.argv[1])
while Event.objects.filter(pk=event.pk, processed_at=None).exists():
    if time.monotonic() > deadline:
        sys.exit("the event was not processed")
    time.sleep(0.1)
"""
