"""Hermetic environment of the tests: cleared and set before Django reads its settings. Loaded by pytest as a plugin.

Nothing of the person's surroundings reaches a test or a process that a test starts: no `PORT`, no `RUNBELL_*`, no
proxy, no `.env` in the checkout. Where the tests' own PostgreSQL, Redis and Chromium are is said by `RUNBELL_TEST_*`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL, REDIS = "postgres://postgres@127.0.0.1:5432/postgres", "redis://127.0.0.1:6379/9"
# What a program needs to run at all; everything else is left behind.
_KEPT = {"PATH", "LD_LIBRARY_PATH", "TERM", "TMPDIR", "USER"}
_KEPT_FAMILIES = ("PYTEST_", "RUNBELL_TEST_")
# Said once, for a person who still points the tests at a database as it was done before.
_NOT_READ = "The tests do not read DATABASE_URL: they run on SQLite, or with --postgresql on RUNBELL_TEST_DATABASE_URL."


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql",
        action="store_true",
        help="run on PostgreSQL with Redis (RUNBELL_TEST_DATABASE_URL, RUNBELL_TEST_REDIS_URL): what touches them",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Clear the environment: a wrapper, so that it comes before pytest-django reads the settings."""
    postgresql = early_config.known_args_namespace.postgresql
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not (postgresql or is_worker) and os.environ.get("DATABASE_URL"):
        print(_NOT_READ, file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="runbell-tests-"))
    early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    clean = cleaned(os.environ, folder, postgresql=postgresql)
    os.environ.clear()
    os.environ.update(clean)
    _compile_once()
    return (yield)


def cleaned(surroundings: Mapping[str, str], folder: Path, *, postgresql: bool = False) -> dict[str, str]:
    """Give the whole environment of a test run that keeps its files in this folder."""
    kept = {name: value for name, value in surroundings.items() if name in _KEPT or name.startswith(_KEPT_FAMILIES)}
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        # Not RUNBELL_*: those are left behind once more where a test starts a Runbell of its own.
        "DJANGO_READ_DOT_ENV_FILE": "false",
        "DATABASE_URL": kept.get("RUNBELL_TEST_DATABASE_URL", POSTGRESQL) if postgresql else "",
        "REDIS_URL": _redis_of(kept) if postgresql else "",
        "RUNBELL_DATA_DIR": str(folder),
        "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.0/8",
    }


def _redis_of(kept: Mapping[str, str]) -> str:
    """Give each process of pytest-xdist a Redis database of its own: in one they would take each other's wakes."""
    url = kept.get("RUNBELL_TEST_REDIS_URL", REDIS)
    server, _, database = url.rpartition("/")
    place = kept.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return f"{server}/{(int(database) + int(place)) % 16}" if place and database.isdigit() else url


def _compile_once() -> None:
    """Keep the bytecode, where the person does not want it beside the sources: elsewhere.

    Without any, each process that a test starts compiles Django and all of ours anew, which takes longer than the test.
    """
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(ROOT / ".pytest_cache" / "bytecode")
    if sys.pycache_prefix:
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
