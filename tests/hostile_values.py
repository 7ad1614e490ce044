"""Values that clients send by mistake or on purpose: what every door is fed with."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django.db import connection


def nested(depth: int, kind: str) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


# Half of a surrogate pair, as JSON can say it: no UTF-8 holds it.
HALF = "\ud800"
TEXTS = [
    "", "\0", f"a{HALF}b", "\uffff", "x" * 5000, "../..", "%00", "${x}", "NaN", "-1", "9" * 30, "9" * 5000, "1e999",
    "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "٣", "[" * 600 + "]" * 600, "[" * 90_000,
    '{"a":' * 600 + "1" + "}" * 600, '{"\\udfff": "\\u0000"}', "[1e400, NaN]", "^(a+)+$", "(" * 500,
    "UnVuOjk5OTk5OTk5OTk5OTk5OTk5OQ==", "YXQ6OTk5OTk5OTk5OTk5", "Zm9v", '{"$gt": {"$gt": 1}}',
]  # fmt: skip
NUMBERS = [0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**4000, 0.5, 1e308, float("nan"), float("-inf")]
SHAPES = [
    None, True, [], {}, [None], [[]], {"": None}, {HALF: HALF}, {"\0": "\0"}, nested(65, "list"), nested(600, "list"),
    nested(600, "object"), [1] * 2000,
]  # fmt: skip
VALUES: list[Any] = [*TEXTS, *NUMBERS, *SHAPES]
# One of each sort, for walks that are long.
BRIEF: list[Any] = [
    "", "\0", f"a{HALF}b", "x" * 5000, "9" * 30, "٣", "(" * 500, '{"a":' * 600 + "1" + "}" * 600, -1, 2**63, 10**4000,
    float("nan"), None, True, [], {}, [None], {HALF: HALF}, nested(600, "list"), nested(65, "object"),
]  # fmt: skip


# What a database may take otherwise than another: the second one is fed with these alone.
STORED: list[Any] = [
    "", "\0", f"a{HALF}b", "\uffff", "x" * 5000, "-1", "9" * 30, "1e999", "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+23:59", "٣", "YXQ6OTk5OTk5OTk5OTk5", 2**31, 2**63, -(2**63) - 1, 10**4000,
    float("nan"), {HALF: HALF},
]  # fmt: skip


def of_this_database(values: list[Any]) -> list[Any]:
    """Give all of them on SQLite, and on PostgreSQL those of STORED: the rest never reaches it."""
    if connection.vendor == "sqlite":
        return values
    return [value for value in values if any(value is one or repr(value) == repr(one) for one in STORED)]


def part_for(values: list[Any], one: Hashable, among: Sequence[Hashable]) -> list[Any]:
    """Give the values that fall to one of those places which the same code reads: in all, each falls to one at least.

    Where there are more places than values, each still gets one.
    """
    at = among.index(one)
    return values[at :: len(among)] or [values[at % len(values)]]


def values_for(kind: str) -> list[Any]:
    """Give those that a place for such a value may make something of; of the others a few."""
    few: list[Any] = [TEXTS[1], TEXTS[2], 2**63, None, [None], {HALF: HALF}, nested(600, "list")]
    return {"text": [*TEXTS, *few], "number": [*NUMBERS, *TEXTS[:12], *few], "other": VALUES}[kind]


def named(value: Any) -> str:
    """Give what a failed test calls the value: the values are long, and no terminal takes halves of surrogate pairs."""
    text = ascii(value)
    return text if len(text) < 60 else f"{text[:40]}… ({len(text)})"
