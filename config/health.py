"""Health checks for probes: /livez (this process), /healthz (its database too), /readyz (workers, and what waits).

`/metrics` is answered beside them, and on a bind of its own nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from automations.delivery import claims
from common.own_addresses import without_prefix
from events import ledger, task_queue, worker_heartbeat
from operations import migrating
from operations.monitoring import key_fingerprints, metrics_page

Handler = Callable[[HttpRequest], HttpResponse]
_DATABASE_AWAY = "The database does not answer."
_REDIS_AWAY = "Redis does not answer. Work goes on, found by a sweep each second."
_PARTS = ("web", "worker")
# Processes whose code is older or newer are other processes: what was migrated once stays so for this one.
_migrated: set[bool] = set()


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


@dataclass(frozen=True)
class _Check:
    name: str
    problem: str = ""
    age_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"ok": not self.problem}
        if self.problem:
            told["problem"] = self.problem
        if self.age_seconds is not None:
            told["age_seconds"] = round(self.age_seconds, 1)
        return told


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

    A worker that is silent is no reason to send no requests to web: what is posted waits in the database.
    """
    only = request.GET.get("only", "")
    if only not in ("", *_PARTS):
        return JsonResponse({"ok": False, "problems": [f"only must be web or worker, not {only!r}."]}, status=400)
    checks = list(_checks(only))
    problems = [check.problem for check in checks if check.problem]
    warnings = list(_warnings(checks))
    told = {"ok": not problems, "problems": problems, "warnings": warnings}
    told["checks"] = {check.name: check.as_json() for check in checks}
    return JsonResponse(told, status=503 if problems else 200)


def _warnings(checks: list[_Check]) -> Iterator[str]:
    """What is wrong and stops nothing."""
    if not task_queue.is_answering():
        yield _REDIS_AWAY
    if any(check.problem for check in checks if check.name in ("database", "migrations", "queries")):
        return
    with suppress(DatabaseError):
        yield from key_fingerprints.problems()


def _checks(only: str) -> Iterator[_Check]:
    database = _database()
    yield database
    if database.problem:
        return
    try:
        if only != "worker":
            yield _migrations()
        if only != "web":
            yield _heartbeat()
            yield _backlog("events", "An event has waited to be judged", ledger.oldest_seconds())
            yield _backlog("deliveries", "A delivery that is due has waited to be sent", claims.oldest_due_seconds())
    except DatabaseError as error:
        # Such as a table that is not there yet: it is said, and the list ends here.
        yield _Check("queries", f"The database refuses what is asked of it ({type(error).__name__}).")


def _database() -> _Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _Check("database", _DATABASE_AWAY)
    return _Check("database")


def _migrations() -> _Check:
    if not _migrated:
        missing = migrating.missing()
        if missing:
            return _Check("migrations", f"{missing} migrations are not applied. Run `runbell migrate`.")
        _migrated.add(True)
    return _Check("migrations")


def _heartbeat() -> _Check:
    age = worker_heartbeat.youngest_seconds()
    if age is None:
        return _Check("heartbeat", "No worker has given a sign of life. Start one: `runbell worker`.")
    most = settings.READY_BEAT_SECONDS
    late = f"The last sign of life of a worker is {age:.0f} s old; RUNBELL_READY_BEAT_SECONDS allows {most}."
    return _Check("heartbeat", late if age > most else "", age)


def _backlog(name: str, sentence: str, age: float) -> _Check:
    most = settings.READY_BACKLOG_SECONDS
    late = f"{sentence} for {age:.0f} s; RUNBELL_READY_BACKLOG_SECONDS allows {most}."
    return _Check(name, late if age > most else "", age)
