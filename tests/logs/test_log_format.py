from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from common.logs.log_format import JsonLine, OneLine

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


def test_json_is_one_object_a_line_with_what_the_line_is_about() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("here", logging.ERROR, "x.py", 1, "refused: %s", ("a\nb",), sys.exc_info())
    record.created, record.process = 1_700_000_000.0, 7
    record.ids, record.fields = {"request_id": "abc"}, {"status": 500}
    record.request = object()

    (line,) = JsonLine().format(record).splitlines()

    told = json.loads(line)
    assert "ValueError: a\nb" in told.pop("exc_info")
    assert told == {
        "time": "2023-11-14T22:13:20.000+00:00", "level": "ERROR", "logger": "here", "message": "refused: a\nb",
        "process": 7, "request_id": "abc", "status": 500,
    }  # fmt: skip


def test_a_line_of_text_ends_with_what_it_is_about() -> None:
    record = logging.LogRecord("here", logging.INFO, "x.py", 1, "judged", (), None)
    record.created, record.msecs, record.ids = 1_700_000_000.0, 0.0, {"event": "12"}
    assert FORMAT.format(record) == "2023-11-14 22:13:20,000Z INFO here judged event=12"
