"""Middleware of session activity: who is seen moves the idle time of their session, at most once a minute.

htmx's GETs are no activity: pages ask so by themselves, each few seconds, and an open tab would keep a session alive
for ever. What a person does loads a page or posts a form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from teams.audit import actor
from teams.models import User
from teams.sessions.hashed_sessions import SessionStore

Handler = Callable[[HttpRequest], HttpResponse]


class SessionActivity:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        # Not loaded for this: what looks at no session, such as a script with a key, has none.
        if session.accessed and isinstance(session, SessionStore) and not _is_polling(request):
            here = actor.current()
            session.note_activity(address=here.address, agent=here.agent)
        return response


def _is_polling(request: HttpRequest) -> bool:
    return request.method == "GET" and "HX-Request" in request.headers


@receiver(user_logged_in)
def _begun(request: HttpRequest | None, user: User, **_: Any) -> None:
    session = getattr(request, "session", None)
    if request is not None and isinstance(session, SessionStore):
        here = actor.current()
        session.begin(address=here.address, agent=here.agent, method=_method(request, user))


def _method(request: HttpRequest, user: User) -> str:
    """Give how they signed in, such as `password` or `password, totp`; each step as allauth notes it."""
    steps = [
        one.get("provider") or one.get("type") or one["method"] for one in get_authentication_records(request, user)
    ]
    return ", ".join(dict.fromkeys(map(str, steps))) or "password"
