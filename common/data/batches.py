"""Batching: many things, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Give lists of at most `size` items. (Python has it from 3.12 on.)"""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
