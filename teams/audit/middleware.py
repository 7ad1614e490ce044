"""Audit middleware: say who comes in and from where, and write down who was refused."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from common.http.client_address import address_of
from common.processes.fair_lock import in_turn
from teams.audit import actor, audit_log
from teams.audit.denial_limit import is_flooding
from teams.models import User

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]
# What a door says to whom it does not let in. 404 is among it only where something is hidden (`access.note_hidden`).
_REFUSED = (401, 403)


class Audited:
    """Stands outside of sessions and CSRF, so that their refusals pass here too."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with actor.acting_from(_actor_of(request)) as here:
            answer = self.get_response(request)
        if here.denials or answer.status_code in _REFUSED:
            _after(answer, lambda: _write(request, answer, here))
        return answer


def _after(answer: HttpResponse, write: Callable[[], None]) -> None:
    """Have it written once the answer is with whoever asked: neither the time nor the statements until then tell
    what is another's, and therefore written down, from what is not there."""
    # Django's own list of what to do when the server closes the answer, before `request_finished` closes connections.
    answer._resource_closers.append(write)  # type: ignore[attr-defined]


def _actor_of(request: HttpRequest) -> actor.Actor:
    doors = (name for start, name in settings.AUDIT_DOORS.items() if request.path_info.startswith(start))
    return actor.Actor(
        door=next(doors, "page"),
        person=lambda: _signed_in(request),
        address=address_of(request.META, settings.TRUSTED_PROXIES),
        agent=request.META.get("HTTP_USER_AGENT", ""),
    )


def _signed_in(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def _write(request: HttpRequest, answer: HttpResponse, here: actor.Actor) -> None:
    """Write the first denial of the request: whoever is refused once is not asked about the rest."""
    denial = here.denials[0] if here.denials else actor.Denial()
    try:
        if here.person() is None and is_flooding(here.address):
            return
        with actor.acting_from(here), in_turn():
            audit_log.record_denial(f"{request.method} {request.path}", answer.status_code, denial)
    except DatabaseError:
        # The refusal itself must reach the person.
        logger.exception("a denied access could not be written down")
