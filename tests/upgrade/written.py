"""The databases that 0.1.0 wrote, put in place for the code of today. `data/README.md` says how they were made."""

from __future__ import annotations

import base64
import json
import lzma
import shutil
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any, cast

import psycopg
from cryptography.fernet import Fernet
from fernet_fields.hkdf import derive_fernet_key

from tests.processes import Environment

DATA = Path(__file__).parent / "data"
# Where the receiver of 0.1.0 stood, and the address that people opened.
RECEIVER = "127.0.0.1:28471"
HOST = "runbell.test"


def facts(environment: Environment) -> dict[str, Any]:
    """Give what was there, as 0.1.0 told it of the database of this kind."""
    return cast(dict[str, Any], _all_facts()[kind_of(environment)])


def kind_of(environment: Environment) -> str:
    return "postgresql" if environment.get("DATABASE_URL") else "sqlite"


def load(environment: Environment, *, receiver: str, slack_hook: str) -> None:
    """Put the database, the keys and the files there. What went to the receivers of 0.1.0 goes to these."""
    folder = Path(environment["RUNBELL_DATA_DIR"])
    for key in (DATA / "keys").iterdir():
        shutil.copy(key, folder)
    for name, content in facts(environment)["files"].items():
        path = folder / "artifacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
    if kind_of(environment) == "sqlite":
        (folder / "runbell.sqlite3").write_bytes(_unpacked("0.1.0.sqlite3.xz"))
    else:
        execute(environment, _unpacked("0.1.0.postgresql.sql.xz").decode())
    execute(environment, f"UPDATE integrations_webhook SET url = replace(url, '{RECEIVER}', '{receiver}')")
    sealed = Fernet(derive_fernet_key((DATA / "keys" / "fernet.key").read_text())).encrypt(slack_hook.encode())
    literal = f"x'{sealed.hex()}'" if kind_of(environment) == "sqlite" else f"'\\x{sealed.hex()}'"
    execute(environment, f"UPDATE integrations_slackchannel SET webhook_url = {literal} WHERE name = 'hooked'")


def execute(environment: Environment, statements: str) -> None:
    """Run SQL on the database as it is: no code of ours knows the tables of 0.1.0."""
    if kind_of(environment) == "postgresql":
        # A connection of its own: the dump changes its settings.
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(statements.encode())
        return
    with sqlite3.connect(_file(environment)) as database:
        database.executescript(statements)
    database.close()


def select(environment: Environment, query: str) -> list[tuple[Any, ...]]:
    if kind_of(environment) == "postgresql":
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            return connection.execute(query.encode()).fetchall()
    database = sqlite3.connect(_file(environment))
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def _file(environment: Environment) -> Path:
    return Path(environment["RUNBELL_DATA_DIR"]) / "runbell.sqlite3"


def _unpacked(name: str) -> bytes:
    return lzma.decompress((DATA / name).read_bytes())


@cache
def _all_facts() -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(_unpacked("0.1.0.json.xz")))
