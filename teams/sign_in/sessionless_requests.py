"""Middleware of sessionless requests: a script that shows a key passes by the middlewares that are for browsers.

`PastBrowsers` stands before those in `settings.MIDDLEWARE`, `BrowsersEnd` behind them: sessions, CSRF, messages, htmx
and the like find nothing to do in a request that brings no session, and cost a third of it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware

from teams.accounts.no_store import NotStored, is_door
from teams.sessions.hashed_sessions import SessionStore

Handler = Callable[[HttpRequest], HttpResponse]


class BrowsersEnd:
    """Marks where requests of scripts go on. Django builds the chain from its end, so this one is there first."""

    newest: Handler

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        BrowsersEnd.newest = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class PastBrowsers:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        # What browsers' middlewares say of any answer is said of these too.
        framed: Handler = XFrameOptionsMiddleware(BrowsersEnd.newest)  # type: ignore[assignment]
        self._past: Handler = convert_exception_to_response(NotStored(framed))  # type: ignore[assignment]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_sessionless(request):
            return self.get_response(request)
        # For what asks all the same, such as a template: nobody, and an empty one that is stored nowhere.
        request.user, request.session = AnonymousUser(), SessionStore()
        return self._past(request)


def _is_sessionless(request: HttpRequest) -> bool:
    shows_key = "HTTP_AUTHORIZATION" in request.META and is_door(request)
    return shows_key and settings.SESSION_COOKIE_NAME not in request.COOKIES
