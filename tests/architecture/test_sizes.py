"""How large a folder, a file and a function may be: what is larger is divided by idea."""

from __future__ import annotations

import ast

from tests.architecture.source_tree import ROOT, folders, sources
from tests.architecture.todays_exceptions import CROWDED_FOLDERS

MOST_MODULES = 15
LONGEST_FILE = 400
LONGEST_FUNCTION = 30


def test_no_folder_holds_more_modules_than_one_takes_in_at_a_glance() -> None:
    counts = {folder: len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) for folder in folders()}
    crowded = {str(folder.relative_to(ROOT)) for folder, count in counts.items() if count > MOST_MODULES}
    assert crowded - CROWDED_FOLDERS == set()
    assert CROWDED_FOLDERS - crowded == set(), "no longer needed in todays_exceptions"


def test_no_file_is_too_long_to_read() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in sources()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
