"""Health checks for probes: /livez (this process), /healthz (its database too), /readyz (workers, and what waits).

`/metrics` is answered beside them, and on a bind of its own nothing else is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from common.own_addresses import without_prefix
from events import task_queue
from operations.checks import key_fingerprints, operator_check, outside_service
from operations.checks.database.connectivity import DatabaseAnswers
from operations.checks.operator_check import Probe
from operations.checks.outside import broker
from operations.checks.outside.broker import BrokerAnswers
from operations.monitoring import metrics_page

Handler = Callable[[HttpRequest], HttpResponse]
_PARTS = ("web", "worker")
# What strangers were told last, by the part they asked for, and until when it is good.
_TOLD_SECONDS = 1.0
_told: dict[str, tuple[float, bool]] = {}


class ProbesFirst:
    """Answers probes before anything else: they come by addresses of their own, over plain http, again and again."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._probes: dict[str, Handler] = {
            without_prefix(reverse(probe.__name__)): probe for probe in (livez, healthz, readyz)
        }
        self._probes[without_prefix(reverse("prometheus_metrics"))] = metrics_page.metrics

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_probe = request.path_info in self._probes
        if not is_probe and metrics_page.is_on_own_bind(request):
            return HttpResponse("Here are metrics and probes alone.\n", status=404, content_type="text/plain")
        answer = self._probes.get(request.path_info, self.get_response)(request)
        if is_probe:
            # Whoever asks is told; a line in the log each few seconds tells nobody more.
            answer._has_been_logged = True  # type: ignore[attr-defined]
            # As SecurityMiddleware says it of every other answer; that one would lead on to https first.
            answer["X-Content-Type-Options"], answer["Referrer-Policy"] = "nosniff", "same-origin"
        return answer


def livez(request: HttpRequest) -> JsonResponse:
    """Answer 200 while this web process answers at all (liveness): a restart would mend nothing else."""
    return JsonResponse({"ok": True})


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the web process reaches its database, else 503."""
    problem = _database().problem
    if problem:
        return JsonResponse({"ok": False, "problem": problem}, status=503)
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while all is ready (readiness), else 503 and why; `?only=web` and `?only=worker` look at one part.

    A worker that is silent is no reason to send no requests to web: what is posted waits in the database. Strangers are
    told whether, and not why: ages, hosts and services are for who may read `/metrics`.
    """
    only = request.GET.get("only", "")
    if only not in ("", *_PARTS):
        return JsonResponse({"ok": False, "problems": [f"only must be web or worker, not {only!r}."]}, status=400)
    if not metrics_page.may_read(request):
        is_ready = _is_ready(only)
        return JsonResponse({"ok": is_ready}, status=200 if is_ready else 503)
    probes = list(_probes(only))
    problems = [probe.problem for probe in probes if probe.problem]
    told = {"ok": not problems, "problems": problems, "warnings": list(_warnings(probes))}
    told["checks"] = {probe.name: _as_json(probe) for probe in probes}
    return JsonResponse(told, status=503 if problems else 200)


def _is_ready(only: str) -> bool:
    """Say it as it was a moment ago: anybody may ask, as often as they like."""
    until, is_ready = _told.get(only, (0.0, False))
    if time.monotonic() >= until:
        is_ready = not any(probe.problem for probe in _probes(only))
        _told[only] = time.monotonic() + _TOLD_SECONDS, is_ready
    return is_ready


def _probes(only: str) -> Iterator[Probe]:
    """Give what every check has to say, and no more than that the database is away where it is."""
    database = _database()
    yield database
    if database.problem:
        return
    try:
        yield from (probe for probe in operator_check.probes(only) if probe.name != database.name)
    except DatabaseError as error:
        # Such as a table that is not there yet: it is said, and the list ends here.
        yield Probe("queries", f"The database refuses what is asked of it ({type(error).__name__}).")


def _database() -> Probe:
    (probe,) = DatabaseAnswers().probes()
    return probe


def _as_json(probe: Probe) -> dict[str, Any]:
    told: dict[str, Any] = {"ok": not probe.problem}
    if probe.problem:
        told["problem"] = probe.problem
    if probe.age_seconds is not None:
        told["age_seconds"] = round(probe.age_seconds, 1)
    return told


def _warnings(probes: list[Probe]) -> Iterator[str]:
    """Give what does not keep it from being ready: services outside, as the background saw them; Redis right now."""
    if not task_queue.is_answering():
        yield broker.away()
    yield from (said for said in outside_service.last_seen() if not said.startswith(f"{BrokerAnswers.setting}:"))
    if any(probe.problem for probe in probes if probe.name in ("database", "migrations", "queries")):
        return
    with suppress(DatabaseError):
        yield from key_fingerprints.problems()
