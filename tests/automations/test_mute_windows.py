"""When a silence holds: once, or each week on the wall of its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.engine.mute_window import LONGEST_MINUTES, MuteTimes

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def test_one_that_comes_once_holds_from_its_start_up_to_its_end() -> None:
    times = MuteTimes(MONDAY, MONDAY + timedelta(hours=2))
    assert times.window_at(MONDAY - timedelta(seconds=1)) is None
    assert times.window_at(MONDAY) is not None
    assert times.window_at(MONDAY + timedelta(hours=2)) is None
    assert times.next_end(MONDAY) == MONDAY + timedelta(hours=2)
    assert times.next_end(MONDAY + timedelta(hours=2)) is None


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        # Over midnight, in winter (UTC+1) and, from 29 March on, in summer (UTC+2).
        (datetime(2026, 3, 27, 20, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 27, 21, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 28, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 28, 5, 0, tzinfo=UTC), False),
        (datetime(2026, 4, 3, 19, 59, tzinfo=UTC), False),
        (datetime(2026, 4, 3, 20, 0, tzinfo=UTC), True),
        (datetime(2026, 4, 4, 20, 0, tzinfo=UTC), False),
    ],
)
def test_a_weekly_one_keeps_to_the_clock_on_the_wall(at: datetime, holds: bool) -> None:
    fridays = MuteTimes(MONDAY, weekdays=[4], from_time=time(22), minutes=8 * 60, zone=BERLIN)
    assert (fridays.window_at(at) is not None) == holds


def test_a_weekly_one_holds_only_between_start_and_end() -> None:
    start, end = MONDAY + timedelta(hours=22), MONDAY + timedelta(days=1, hours=1)
    daily = MuteTimes(start, end, weekdays=range(7), from_time=time(21), minutes=6 * 60)
    window = daily.window_at(start)
    assert window is not None
    assert (window.begins, window.ends) == (start, end)
    assert daily.window_at(start - timedelta(minutes=1)) is None
    assert daily.window_at(end) is None
    assert daily.next_end(end) is None


@given(
    st.lists(st.integers(0, 6), min_size=1, unique=True),
    st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None)),
    st.integers(1, LONGEST_MINUTES),
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Pacific/Chatham", "Pacific/Kiritimati"]),
    st.integers(0, 400 * 24 * 60),
)
def test_a_weekly_one_holds_where_counting_minutes_says_so(
    weekdays: list[int], from_time: time, minutes: int, zone: str, after: int
) -> None:
    at = datetime(2025, 11, 1, tzinfo=UTC) + timedelta(minutes=after)
    times = MuteTimes(datetime(2020, 1, 1, tzinfo=UTC), None, weekdays, from_time, minutes, zone)
    begins = [
        datetime.combine(at.astimezone(ZoneInfo(zone)).date() + timedelta(days=day), from_time, ZoneInfo(zone))
        for day in range(-9, 10)
    ]
    starts = [one.astimezone(UTC) for one in begins if one.weekday() in weekdays]
    ends = [one + timedelta(minutes=minutes) for one in starts]
    expected = [end for start, end in zip(starts, ends, strict=True) if start <= at < end]
    window = times.window_at(at)
    assert (window and window.ends) == max(expected, default=None)
    assert times.next_end(at) == min(end for end in ends if end > at)
