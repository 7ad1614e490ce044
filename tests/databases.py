"""Test selection by database: what does not differ by it runs once, on SQLite, not once a database. A plugin of pytest.

It is read off the fixtures: pytest-django refuses the database to a test that has asked for none of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

# `django_db_setup` is there wherever somebody unblocks the database by hand.
_FIXTURES = {"db", "transactional_db", "django_db_setup", "django_db_serialized_rollback", "live_server"}
# Tests that start processes give them a database of their own; `databases` is for what else differs by it.
_MARKERS = ("django_db", "processes", "faults", "databases")
# What it asks a database for is answered alike by each: who may do what.
_ON_ANY = "any_database"
_LEFT_OUT = pytest.StashKey[int]()


def touches_a_database(markers: Iterable[str], fixtures: Iterable[str]) -> bool:
    return not {*_MARKERS}.isdisjoint(markers) or not _FIXTURES.isdisjoint(fixtures)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, what ran on SQLite and would do the same again."""
    if not config.getoption("postgresql"):
        return
    once = [item for item in items if not _of(item)]
    config.stash[_LEFT_OUT] = len(once)
    config.hook.pytest_deselected(items=once)
    items[:] = [item for item in items if _of(item)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say it to the process that prints: of a worker of pytest-xdist this is another one."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Each worker has collected all tests.
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests were left out: what they ask does not differ by database, and they run on SQLite alone."
        )


def _of(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    markers = {mark.name for mark in item.iter_markers()}
    return _ON_ANY not in markers and touches_a_database(markers, fixtures)
