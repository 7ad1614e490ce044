"""Recorded durations of the test files, kept in pytest's cache: what `tests/selection.py` plans its seconds by."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_KEY = "runbell/durations"


def recorded() -> dict[str, float]:
    """Give the seconds each test file took when it last ran here; nothing where none has run."""
    file = ROOT / ".pytest_cache" / "v" / _KEY
    return dict(json.loads(file.read_text())) if file.exists() else {}


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and not config.getoption("postgresql", False):
        config.pluginmanager.register(_Recorder(config))


class _Recorder:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.spent: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.spent[report.nodeid.partition("::")[0]] += report.duration

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Forget slowly: a file of which one test ran is no faster, and a busy machine does not stay busy."""
        cache = getattr(self.config, "cache", None)
        if cache is None:
            return
        known = cache.get(_KEY, {})
        now = {file: max(spent, 0.8 * known.get(file, 0)) for file, spent in self.spent.items()}
        cache.set(_KEY, known | now)
