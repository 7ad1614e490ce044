from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from common.processes.log_format import OneLine

FORMAT = OneLine("{asctime}Z {levelname} {name} {message}", style="{")


def written(message: str, *given: object, **options: Any) -> str:
    record = logging.LogRecord("here", logging.WARNING, "x.py", 1, message, given, options.get("exc_info"))
    record.created, record.msecs = 1_700_000_000.0, 0.0
    return FORMAT.format(record)


@pytest.mark.parametrize(
    "typed", ["a\n2026-01-01 ERROR forged", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x85b"],
    ids=["line", "windows", "terminal", "unicode", "nel"],
)  # fmt: skip
def test_what_people_typed_makes_no_line_of_its_own(typed: str) -> None:
    line = written("refused: %s", typed)

    assert line.splitlines() == [line]
    assert line.isprintable()


def test_the_time_is_in_utc_and_words_of_any_language_stay() -> None:
    assert written("müde: %s", "日本") == "2023-11-14 22:13:20,000Z WARNING here müde: 日本"


def test_a_traceback_keeps_its_lines() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        said = written("failed", exc_info=sys.exc_info())

    assert "Traceback (most recent call last):\n" in said
