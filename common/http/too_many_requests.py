"""The answer 429, with `Retry-After`, in the form that each door's clients read."""

from __future__ import annotations

import math

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string


class TooManyRequests(Exception):
    """Whoever asks is to wait. Raised anywhere behind a door; the middleware makes the answer of it."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        # Whole seconds: the header knows no others. Never 0, which would mean at once.
        self.wait_seconds = max(1, math.ceil(wait_seconds))
        unit = "second" if self.wait_seconds == 1 else "seconds"
        super().__init__(f"{message} Try again in {self.wait_seconds} {unit}.")


def too_many_requests(error: TooManyRequests, door: str) -> HttpResponse:
    """Answer the request. The wandb SDK waits as the header says, and sends it again."""
    answer = _answer(str(error), door)
    answer["Retry-After"] = str(error.wait_seconds)
    return answer


def _answer(message: str, door: str) -> HttpResponse:
    if door == "sdk":
        return JsonResponse({"errors": [{"message": message, "extensions": {"code": "TOO_MANY_REQUESTS"}}]}, status=429)
    if door == "rest":
        errors = [{"field": "request", "value": None, "message": message}]
        return JsonResponse({"detail": message, "errors": errors}, status=429)
    # As Django's own refusals it asks the database for nothing: there may be many of it.
    return HttpResponse(render_to_string("429.html", {"message": message}), status=429)
