"""Ready ends of a silence: an hour from now, tomorrow at 9:00, next Monday at 9:00. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

_MORNING = time(9)
KEYS = ("hour", "tomorrow", "monday")


def end_of(key: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Give the end that a key of `KEYS` means, on the wall of the zone; None for another."""
    today = now.astimezone(zone).date()
    if key == "hour":
        return now + timedelta(hours=1)
    if key == "tomorrow":
        return datetime.combine(today + timedelta(days=1), _MORNING, zone)
    if key == "monday":
        return datetime.combine(today + timedelta(days=7 - today.weekday()), _MORNING, zone)
    return None
