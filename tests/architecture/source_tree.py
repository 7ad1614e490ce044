"""The product's source files as syntax trees, for the tests of the architecture: read, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Who may import whom (design, section 1): each row imports the rows below it, and nothing of its own row.
ORDER = (
    ("config",),
    ("cli",),
    ("team_settings", "sample", "operations", "importers", "wandb_api"),
    ("integrations",),
    ("automations",),
    ("registries",),
    ("artifacts",),
    ("projects",),
    ("events",),
    ("outbound",),
    ("secrets_vault",),
    ("teams",),
    ("common",),
)
# An app that has no folder (yet) has no file that could break a rule.
APPS = tuple(app for row in ORDER for app in row if (ROOT / app).is_dir())
# Importing one starts what goes on in a web process: no test does so in its own.
ENTRY_POINTS = {"config.asgi", "config.checked_wsgi", "config.wsgi"}


@cache
def source_texts() -> dict[str, str]:
    """Every file of ours by its path, but migrations and tests: what collecting may ask for."""
    paths = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


@cache
def sources() -> dict[str, ast.Module]:
    """The same as syntax trees. Takes seconds: for tests, not while they are collected."""
    return {path: ast.parse(text) for path, text in source_texts().items()}


@cache
def modules() -> dict[str, str]:
    """The path of each module by its dotted name; that of a package leads to its `__init__`."""
    return {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources()}


def folders() -> list[Path]:
    """Every folder of ours that holds code."""
    return sorted({(ROOT / path).parent for path in sources()})


def imported(tree: ast.AST) -> Iterator[str]:
    """Give what a file imports, by dotted names: `from a import b` is both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(names: set[str]) -> set[str]:
    """Give the files that import one of these modules, or something in them."""
    return {
        path
        for path, tree in sources().items()
        if any(name == module or name.startswith(f"{module}.") for name in imported(tree) for module in names)
    }
