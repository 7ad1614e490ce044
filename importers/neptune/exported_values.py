"""What an export of Neptune says, value by value, in plain Python: no pyarrow is needed to hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Attribute:
    """A value that a run has once, such as a parameter, or one of its files. Of a kind as Neptune names them."""

    path: str
    kind: str
    value: Any
    # Of a series of files.
    step: float | None = None


@dataclass(frozen=True)
class SeriesPoint:
    """One value of a series; the time is in milliseconds."""

    path: str
    kind: str
    step: float | None
    time: int | None
    value: Any
