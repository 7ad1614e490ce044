"""Mute windows: when a silence holds, once or each week in a time zone. Pure.

A weekly window has its times on the wall of its zone: 22:00 is 22:00 in summer and in winter. It lasts as many minutes
as it says, also over the hour that the clocks leave out or repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
LONGEST_MINUTES = 7 * DAY_MINUTES
_WEEK = 7


@dataclass(frozen=True)
class MuteWindow:
    """One stretch of silence, from `begins` up to but without `ends`."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


@dataclass(frozen=True)
class MuteTimes:
    """When a silence holds: once, from `starts_at` to `ends_at`; with `weekdays` (0 is Monday) each week between them.

    Only a weekly one may have no end.
    """

    starts_at: datetime
    ends_at: datetime | None = None
    weekdays: Sequence[int] = field(default_factory=tuple)
    from_time: time = time(0)
    minutes: int = 0
    zone: str = "UTC"

    def window_at(self, at: datetime) -> MuteWindow | None:
        """Give the window that holds at this moment, the one that ends last; None where it may be told."""
        holding = [window for window in self._near(at) if window.holds(at)]
        return max(holding, key=lambda window: window.ends, default=None)

    def next_end(self, after: datetime) -> datetime | None:
        """Give when the first window ends after this moment; None: none comes any more."""
        at = max(after, self.starts_at)
        return min((window.ends for window in self._near(at) if window.ends > after), default=None)

    def _near(self, at: datetime) -> Iterator[MuteWindow]:
        """Give the windows that begin within a week of this moment, or the one there is."""
        if not self.weekdays:
            if self.ends_at is not None:
                yield MuteWindow(self.starts_at, self.ends_at)
            return
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        for offset in range(-_WEEK - 1, _WEEK + 2):
            day = today + timedelta(days=offset)
            if day.weekday() in self.weekdays:
                yield from self._on(datetime.combine(day, self.from_time, zone).astimezone(UTC))

    def _on(self, begins: datetime) -> Iterator[MuteWindow]:
        """Give the window that begins then, as far as it lies within the silence."""
        ends = begins + timedelta(minutes=self.minutes)
        ends = ends if self.ends_at is None else min(ends, self.ends_at)
        begins = max(begins, self.starts_at)
        if begins < ends:
            yield MuteWindow(begins, ends)
