"""The GraphQL documents of an SDK: those in the texts of its Python code, and those in the binary wandb-core."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from graphql import DocumentNode, GraphQLSyntaxError, parse

from tests.wandb_api.sdk import VERSIONS

_BEGIN = re.compile(r"\s*(?:query|mutation)\b[^.]*\{")
_MAY_HOLD_ONE = re.compile(r"[\"']\s*(?:query|mutation)\b")
_BEGIN_IN_BINARY = re.compile(rb"(?:query|mutation) [A-Za-z]\w* ?[({]")
# Printable text, with line ends: a document in the binary goes no further.
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{0,60000}")
# Parts of other projects that the SDK brings along.
_NOT_ITS_OWN = ("vendor", "wandb_graphql")


@cache
def documents_of(version: str) -> tuple[DocumentNode, ...]:
    """Give the documents of this version, each once. Texts that are put together at run time are none."""
    package = Path(VERSIONS[version] or distribution("wandb").locate_file("")) / "wandb"
    texts = dict.fromkeys([*_of_python(package), *_of_binary((package / "bin/wandb-core").read_bytes())])
    return tuple(found for text in texts if (found := _parsed(text)) is not None)


def _of_python(package: Path) -> Iterator[str]:
    for file in sorted(package.rglob("*.py")):
        text = file.read_text()
        if _MAY_HOLD_ONE.search(text) and not set(_NOT_ITS_OWN) & set(file.parts):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _BEGIN.match(node.value):
                    yield node.value


def _of_binary(data: bytes) -> Iterator[str]:
    """Documents stand there one behind the other, without an end: each goes to where its braces close."""
    for begin in _BEGIN_IN_BINARY.finditer(data):
        match = _TEXT.match(data, begin.start())
        text = match[0].decode() if match else ""
        depth = 0
        for place in re.finditer(r"[{}]", text):
            depth += 1 if place[0] == "{" else -1
            if depth == 0 and not text[place.end() :].lstrip().startswith("fragment "):
                yield text[: place.end()]
                break


@cache
def _parsed(text: str) -> DocumentNode | None:
    try:
        return parse(text, no_location=True)
    except GraphQLSyntaxError:
        return None
