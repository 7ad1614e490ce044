"""Middleware that counts requests for `/metrics`: by door, method and status. Stands behind the probes."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.own_addresses import without_prefix
from events import prometheus_metrics

# What a client may call its method has no end.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class CountedRequests:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun_at = time.monotonic()
        response = self.get_response(request)
        door = _door(request.path_info)
        method = request.method if request.method in _METHODS else "other"
        prometheus_metrics.REQUESTS.count(door, str(method), str(response.status_code))
        prometheus_metrics.REQUEST_SECONDS.observe(time.monotonic() - begun_at, door)
        return response


def _door(path: str) -> str:
    doors = {without_prefix(settings.STATIC_URL): "static", **settings.AUDIT_DOORS}
    return next((door for beginning, door in doors.items() if path.startswith(beginning)), "page")
