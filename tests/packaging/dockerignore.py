"""What a build is given: the rules of .dockerignore (moby's patternmatcher), applied to names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath


def context(rules: str, names: Iterable[str]) -> set[str]:
    """Give the names that stay: the last rule that fits a name or a folder above it counts, and `!` takes it back."""
    lines = [line.strip() for line in rules.splitlines()]
    patterns = [
        (line.startswith("!"), _expression(line.removeprefix("!"))) for line in lines if line and line[0] != "#"
    ]
    return {name for name in names if not _is_left_out(name, patterns)}


def _is_left_out(name: str, patterns: list[tuple[bool, re.Pattern[str]]]) -> bool:
    places = [name, *(parent.as_posix() for parent in PurePosixPath(name).parents)]
    left_out = False
    for is_exception, pattern in patterns:
        if any(pattern.fullmatch(place) for place in places):
            left_out = not is_exception
    return left_out


def _expression(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stop at a slash, `**` does not; a slash at either end means nothing: all begins at the root."""
    found = ""
    for part in re.findall(r"\*\*/?|\*|\?|\[[^]]+\]|.", pattern.strip("/")):
        known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        found += known.get(part) or (part if part[0] == "[" and len(part) > 1 else re.escape(part))
    return re.compile(found)
