"""Re-exports: each name is imported from the file that defines it, so that a search for it ends there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.source_tree import modules, sources
from tests.architecture.todays_exceptions import REEXPORTS


def imported_names(tree: ast.Module) -> Iterator[ast.alias]:
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from node.names


def passed_on_by_all(tree: ast.Module) -> set[str]:
    """Give the imported names that `__all__` lists."""
    listed = {
        constant.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "__all__" for to in node.targets)
        for constant in ast.walk(node.value)
        if isinstance(constant, ast.Constant)
    }
    return {alias.asname or alias.name for alias in imported_names(tree)} & listed


def brought_in(tree: ast.Module) -> set[str]:
    """Give the names that a file has by import alone."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {alias.asname or alias.name for alias in imported_names(tree)} - own


def test_no_import_renames_a_name_to_itself() -> None:
    assert {
        f"{path}: {alias.name}"
        for path, tree in sources().items()
        for alias in imported_names(tree)
        if alias.asname == alias.name
    } - REEXPORTS == set()


def test_no_file_passes_on_by_all_what_it_imports() -> None:
    passing = {path for path, tree in sources().items() if passed_on_by_all(tree)}
    assert passing - REEXPORTS == set()
    assert REEXPORTS - passing == set(), "no longer needed in todays_exceptions"


def test_each_name_is_imported_from_the_file_that_defines_it() -> None:
    borrowed = set()
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (source := modules().get(node.module or "")):
                if source in REEXPORTS:
                    continue
                here = {alias.name for alias in node.names if f"{node.module}.{alias.name}" not in modules()}
                borrowed |= {f"{path}: {node.module}.{name}" for name in here & brought_in(sources()[source])}
    assert borrowed == set()
