"""The import order of the apps: one way only, and peers import no peer."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source_tree import APPS, ORDER, ROOT, imported, importers, sources
from tests.architecture.todays_exceptions import UPWARD_IMPORTS

QUEUE = {"django_q"}


def forbidden_to(app: str) -> set[str]:
    """Give the apps above this one, and its peers."""
    row = next(number for number, names in enumerate(ORDER) if app in names)
    return {name for names in ORDER[: row + 1] for name in names} - {app}


def test_every_app_has_its_place_in_the_order() -> None:
    # `tests` and `bench` import everything, `deploy` nothing of ours; nothing of the product imports them.
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench", "deploy"}
    assert found == set(APPS)


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_what_stands_below_it(app: str) -> None:
    upward = {
        (path, name.partition(".")[0])
        for path, tree in sources().items()
        for name in imported(tree)
        if path.startswith(f"{app}/") and name.partition(".")[0] in forbidden_to(app)
    }
    excepted = {pair for pair in UPWARD_IMPORTS if pair[0] == app}
    assert {(path, name) for path, name in upward if (app, name) not in excepted} == set()
    assert excepted == {(app, name) for _path, name in upward}, "no longer needed in todays_exceptions"


def test_the_product_imports_no_test() -> None:
    assert importers({"tests", "bench", "deploy"}) == set()


def test_nothing_is_imported_relatively_or_inside_a_function() -> None:
    hidden = {
        f"{path}:{inner.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }
    relative = {
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert (hidden, relative) == (set(), set())


def test_only_its_door_and_its_broker_know_the_task_queue() -> None:
    brokers = {"events/redis_queue.py", "events/wake_ups/database_queue.py", "events/wake_ups/queued_task.py"}
    assert importers(QUEUE) == {"events/task_queue.py", *brokers}
