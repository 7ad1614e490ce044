"""Circular imports: none between the packages of one app, so that each can be read without the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tests.architecture.source_tree import APPS, imported, modules, sources
from tests.architecture.todays_exceptions import CIRCLES


def package_of(module: str) -> str:
    """Give the folder directly in the app, or the module that stands there by itself."""
    return ".".join(module.split(".")[:2])


def imports_between_packages(app: str) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for module, path in modules().items():
        if module.partition(".")[0] == app:
            within = {package_of(name) for name in imported(sources()[path]) if name.startswith(f"{app}.")}
            graph.setdefault(package_of(module), set()).update(within - {package_of(module)})
    return graph


def reached_from(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        if (package := waiting.pop()) not in reached:
            reached.add(package)
            waiting += graph.get(package, ())
    return reached


def circles_in(graph: Mapping[str, Iterable[str]]) -> set[frozenset[str]]:
    """Give the packages that reach each other, together."""
    reached = {package: reached_from(package, graph) for package in graph}
    return {
        frozenset(other for other in reached[package] if package in reached.get(other, ()))
        for package in graph
        if package in reached[package]
    }


def test_packages_that_reach_each_other_are_found_together() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": [], "e": ["a"]}
    assert circles_in(graph) == {frozenset("abc")}


@pytest.mark.parametrize("app", APPS)
def test_no_packages_of_an_app_import_each_other(app: str) -> None:
    excepted = {circle for circle in CIRCLES if any(name.startswith(f"{app}.") for name in circle)}
    found = circles_in(imports_between_packages(app))
    assert {tuple(sorted(circle)) for circle in found - excepted} == set()
    assert excepted - found == set(), "no longer needed in todays_exceptions"
