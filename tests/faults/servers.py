"""Throwaway servers under the temporary folder: PostgreSQL and Redis, on free ports, to be stopped and started."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.processes import free_port, wait_until


def _postgres_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """A cluster of its own. The server of this machine is never touched."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder, self._binaries = folder, binaries
        self._port = free_port()
        # initdb refuses to run as root.
        self._user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync")

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        self._control("start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def stop(self) -> None:
        """As a power cut: no client is told, nothing is written."""
        self._control("stop", "-m", "immediate")

    def _control(self, verb: str, *options: str) -> None:
        self._run("pg_ctl", verb, "-D", str(self._folder / "data"), *options)

    def _run(self, program: str, *options: str) -> None:
        user = self._user if os.getuid() == 0 else None
        # Not captured: the server keeps what its starter opened, and a pipe would never end.
        subprocess.run(
            [str(self._binaries / program), *options],
            user=user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=300,
        )


@contextmanager
def postgres() -> Iterator[Postgres]:
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("!! LEFT OUT: no initdb of PostgreSQL here, so its restart in mid-run was not tried")
    # Not pytest's folder: that is closed to the user postgres.
    folder = Path(tempfile.mkdtemp(prefix="runbell-postgres-"))
    try:
        server = Postgres(folder, binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Redis:
    """Keeps nothing: a kill is also a flush."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        wait_until(self._is_up, 10, "Redis answers")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _is_up(self) -> bool:
        try:
            return bool(redis.Redis(port=self._port).ping())
        except redis.ConnectionError:
            time.sleep(0.05)
            return False


@contextmanager
def a_redis(folder: Path) -> Iterator[Redis]:
    if not shutil.which("redis-server"):
        pytest.skip("!! LEFT OUT: no redis-server here, so its loss in mid-run was not tried")
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
