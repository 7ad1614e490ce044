"""YAML within bounds: aliases that grow are refused before anything is built of them."""

from __future__ import annotations

import ast
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from common.data import bounded_yaml
from tests.architecture.source_tree import sources

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
MERGED = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{m}: *a{n - 1}' for m in range(10))}}}\n" for n in range(1, 12)
)
HOSTILE = {
    "billion laughs": LAUGHS,
    "mappings that grow": MERGED,
    "an alias inside what it names": "a: &a [*a]",
    "an alias of nothing": "a: *b",
    "deep lists": "[" * 5000 + "]" * 5000,
    "deep mappings": "{a: " * 5000 + "}" * 5000,
    "deep by indentation": "\n".join(" " * depth + "a:" for depth in range(300)),
    "a number without end": "a: " + "9" * 5000,
    "a day that there is not": "a: 2026-13-45",
    "too long": "a: " + "x" * (9 * 2**20),
    "an object of Python's": "!!python/object/apply:os.system [id]",
    "a control character": "a: \x07",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_grows_or_cannot_be_read_is_refused_at_once(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(yaml.YAMLError):
        bounded_yaml.load(text)
    assert time.monotonic() - started < 5


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(yaml.MarkedYAMLError) as refused:
        bounded_yaml.load(LAUGHS)
    assert refused.value.problem_mark is not None
    assert (refused.value.problem_mark.line, "its aliases make it larger" in str(refused.value)) == (5, True)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("base: &b {a: 1}\nmore: {<<: *b, c: 2}", {"base": {"a": 1}, "more": {"a": 1, "c": 2}}),
        ("- &x one\n- *x\n- *x", ["one", "one", "one"]),
        ("", None),
    ],
)
def test_aliases_that_people_write_are_taken(text: str, document: Any) -> None:
    assert bounded_yaml.load(text) == document


@pytest.mark.parametrize("command", [("provision",), ("automations", "apply"), ("automations", "diff")])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.django_db
def test_a_command_says_so_in_a_line_or_two(command: tuple[str, ...], text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises(CommandError, match="is not YAML"):
        call_command(*command, str(file), stdout=StringIO())


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(b"a: \xff")
    for command in (("provision",), ("automations", "diff")):
        with pytest.raises(CommandError, match="is not UTF-8"):
            call_command(*command, str(file))


def test_nothing_else_of_ours_reads_yaml() -> None:
    readers = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "yaml"
        and node.attr in {"load", "safe_load", "load_all", "safe_load_all", "full_load", "unsafe_load", "parse", "scan"}
    }
    assert readers == {"common/data/bounded_yaml.py"}
