"""The loop guard: middleware that notices requests which a delivery of ours has caused, so that loops end.

It only counts the causation depth (`events/causation.py`). That an event too deep is stored and not judged is decided
where it is published: `events/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from automations.models import Automation, Execution
from events import causation

_LOOP = (
    "A loop was stopped: what it sends causes events that fire it again. "
    f"Events more than {causation.MOST_DEPTH} deliveries on are kept and not judged."
)
Handler = Callable[[HttpRequest], HttpResponse]


class CausedByDelivery:
    """A request that carries our `webhook-id` (a receiver passes it on) causes events one step further on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        delivery_id = request.headers.get("webhook-id", "")
        if not delivery_id.startswith("msg_"):
            return self.get_response(request)
        cause = Execution.objects.filter(delivery_id=delivery_id[:40]).values("automation", "event__depth").first()
        if cause is None:
            return self.get_response(request)
        depth = (cause["event__depth"] or 0) + 1
        if depth > causation.MOST_DEPTH:
            Automation.objects.filter(pk=cause["automation"], problem="").update(problem=_LOOP)
        with causation.caused_at(depth):
            return self.get_response(request)
