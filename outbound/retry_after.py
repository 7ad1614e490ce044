"""The Retry-After header, parsed: how long a receiver asks us to wait."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from django.utils import timezone

# A receiver may ask us to wait, but not for ever.
_LONGEST_WAIT_SECONDS = 24 * 3600


def retry_after(value: str) -> float | None:
    """Read the header: seconds or a date; None where it is missing or junk."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT_SECONDS)
    try:
        seconds = (parsedate_to_datetime(text) - timezone.now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)
