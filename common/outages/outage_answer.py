"""The answers 503 and 507, with `Retry-After`, in the form that each door's clients read."""

from __future__ import annotations

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from common.outages.outage import Outage, outage_of


def internal_error(request: HttpRequest) -> HttpResponse:
    """Answer whatever nobody caught: Django calls it while that error is being handled."""
    outage = outage_of(sys.exception())
    door = next((door for start, door in settings.AUDIT_DOORS.items() if request.path_info.startswith(start)), "page")
    if outage is None:
        return server_error(request) if door not in ("rest", "sdk") else _internal(door)
    return outage_answer(outage, door)


def outage_answer(outage: Outage, door: str) -> HttpResponse:
    answer = _answer(outage.status, outage.code, outage.message, door)
    answer["Retry-After"] = str(outage.retry_after)
    return answer


def _internal(door: str) -> HttpResponse:
    return _answer(500, "INTERNAL", "Something went wrong inside Runbell; its log says what.", door)


def _answer(status: int, code: str, message: str, door: str) -> HttpResponse:
    if door == "sdk":
        return JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
    if door == "rest":
        errors = [{"field": "request", "value": None, "message": message}]
        return JsonResponse({"detail": message, "errors": errors}, status=status)
    # It asks the database for nothing.
    return HttpResponse(render_to_string("out_of_service.html", {"message": message}), status=status)
