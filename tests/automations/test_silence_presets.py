"""Ready ends of a silence, on the wall of a person's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from automations.silences.presets import end_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("key", "now", "expected"),
    [
        ("hour", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        # The night in which the clocks go forward.
        ("tomorrow", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        # In Berlin it is the next day already.
        ("tomorrow", datetime(2026, 1, 5, 23, 30, tzinfo=UTC), datetime(2026, 1, 7, 8, tzinfo=UTC)),
        ("monday", datetime(2026, 1, 5, 6, tzinfo=UTC), datetime(2026, 1, 12, 8, tzinfo=UTC)),
        ("monday", datetime(2026, 1, 11, 6, tzinfo=UTC), datetime(2026, 1, 12, 8, tzinfo=UTC)),
        ("never", datetime(2026, 1, 11, 6, tzinfo=UTC), None),
    ],
)
def test_a_key_means_a_moment(key: str, now: datetime, expected: datetime | None) -> None:
    assert end_of(key, now, BERLIN) == expected
