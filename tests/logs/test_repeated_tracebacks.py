"""The same traceback is written once a window, and then how often it came again, whoever raised it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from common.logs.repeated_tracebacks import RepeatedTracebacks
from tests.processes import wait_until


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, _Kept]]:
    logger, kept = logging.getLogger("tests.repeated"), _Kept()
    kept.addFilter(RepeatedTracebacks(seconds=0.5))
    logger.addHandler(kept)
    yield logger, kept
    logger.removeHandler(kept)


def fail(logger: logging.Logger, about: str = "a") -> None:
    try:
        raise ValueError(about)
    except ValueError:
        logger.exception("it failed")


def fail_elsewhere(logger: logging.Logger) -> None:
    try:
        raise ValueError
    except ValueError:
        logger.exception("it failed")


def test_threads_that_fail_alike_are_one_line_and_a_count(log: tuple[logging.Logger, _Kept]) -> None:
    logger, kept = log
    threads = [threading.Thread(target=lambda: [fail(logger) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(kept.lines) > 1, 5, "the count")
    assert kept.lines[0] == "it failed"
    assert kept.lines[1] == "repeated 399 times within 0.5 s: the same traceback of ValueError"
    fail(logger)
    assert kept.lines[2:] == ["it failed"]


def test_another_place_another_kind_and_lines_without_a_traceback_are_written(
    log: tuple[logging.Logger, _Kept],
) -> None:
    logger, kept = log
    fail(logger)
    fail_elsewhere(logger)
    for _ in range(2):
        logger.error("it failed")
    assert kept.lines == ["it failed"] * 4
