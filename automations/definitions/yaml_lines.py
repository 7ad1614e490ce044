"""YAML parsing with the line of every value, so that a refusal can say where."""

from __future__ import annotations

from typing import Any

import yaml

from common.data import bounded_yaml


def read(text: str) -> tuple[Any, dict[str, int]]:
    """Give the document, and the line of each value by its path (`automations.0.name`). Raises yaml.YAMLError."""
    lines: dict[str, int] = {}
    document = bounded_yaml.load(text)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None:
        _note(node, "", lines)
    return document, lines


def line_of(path: str, lines: dict[str, int]) -> int:
    """Give the line of the value, or of the nearest thing around it that is there."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path, 1)


def _note(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            _note(value, inner, lines)
            lines[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _note(value, f"{path}.{place}" if path else str(place), lines)
