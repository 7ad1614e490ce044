"""Time zone middleware: each person reads times in their own zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

Handler = Callable[[HttpRequest], HttpResponse]


class TimeZone:
    """Write the times of a page in the zone its reader chose; else in UTC, which scripts turn into the browser's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(None):
            _activate(request)
            return self.get_response(request)


def _activate(request: HttpRequest) -> None:
    if request.path_info.startswith("/api/"):
        return
    zone = _zone(getattr(request.user, "time_zone", ""))
    if zone is not None:
        timezone.activate(zone)


@cache
def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    # ValueError: no name of a zone at all. OSError and ZoneInfoNotFoundError: this machine no longer knows it.
    with suppress(ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo(name) if name else None
    return None
