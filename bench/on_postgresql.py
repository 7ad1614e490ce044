"""The same bench once more on PostgreSQL, where a server answers, in a database that is dropped afterwards."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg

_SERVER = os.environ.get("RUNBELL_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")


def again(bench: str) -> None:
    """Run the bench in a process of its own: Django reads its settings once."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return
    name = f"runbell_bench_{secrets.token_hex(4)}"
    try:
        connection = psycopg.connect(_SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        print("  on PostgreSQL         left out: no answer; say where it is with RUNBELL_TEST_DATABASE_URL")
        return
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            print("  on PostgreSQL:", flush=True)
            url = urlsplit(_SERVER)._replace(path=f"/{name}").geturl()
            subprocess.run([sys.executable, "-m", "bench", bench], env={**os.environ, "DATABASE_URL": url}, check=True)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
