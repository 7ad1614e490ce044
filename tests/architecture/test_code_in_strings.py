"""Embedded scripts: Python that stands in a text (what tests and docs hand to a process) imports what there is.

Neither mypy nor a renaming tool looks into a text; such a script fails only when the slowest tests run it.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import ENTRY_POINTS

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS_THAT_ARE_NOT_OURS = {"node_modules", "migrations", "static"}
_OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"tests", "bench", "examples"}
_LINE = re.compile(r"^\s*((?:from|import) .+)$", re.MULTILINE)
_FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def scripts() -> Iterator[tuple[str, str]]:
    """Give every text in our sources that may be Python, and the Python in the docs, each with where it stands."""
    for folder in sorted(_OURS | {"docs"}):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and _FOLDERS_THAT_ARE_NOT_OURS.isdisjoint(path.parts):
                yield from ((f"{path.relative_to(ROOT)}", script) for script in _scripts_of(path))


def _scripts_of(path: Path) -> Iterator[str]:
    if path.suffix == ".md":
        yield from _FENCED.findall(path.read_text())
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
                yield node.value


def imports_of(script: str) -> Iterator[tuple[str, str]]:
    """Give (module, name) of each import of ours; lines that only look like one are prose."""
    for line in _LINE.findall(script.replace(";", "\n")):
        try:
            (statement,) = ast.parse(line).body
        except (SyntaxError, ValueError):
            continue
        if isinstance(statement, ast.Import):
            yield from ((alias.name, "") for alias in statement.names if alias.name.partition(".")[0] in _OURS)
        elif isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] in _OURS:
            yield from ((str(statement.module), alias.name) for alias in statement.names)


def is_there(module: str, name: str) -> bool:
    if module in ENTRY_POINTS:
        return importlib.util.find_spec(module) is not None
    try:
        found = importlib.import_module(module)
        if name and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


def test_a_script_in_a_text_imports_what_there_is() -> None:
    found = {(path, *one) for path, script in scripts() for one in imports_of(script)}
    assert len(found) > 10
    assert {f"{path}: {module} {name}" for path, module, name in found if not is_there(module, name)} == set()


def test_what_is_gone_is_seen() -> None:
    gone = "gone"  # apart: this text, too, is read by the test above
    script = f"import json\nfrom events.{gone} import Event; import events.models\nfrom the start on, prose"
    assert list(imports_of(script)) == [("events.gone", "Event"), ("events.models", "")]
    assert [is_there(*one) for one in imports_of(script)] == [False, True]
    assert not is_there("events.models", "Gone")
