"""Middleware of messages in htmx responses: what is to be said travels with the part of a page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django_htmx.http import trigger_client_event

Handler = Callable[[HttpRequest], HttpResponse]


class MessagesInFragments:
    """Put what is to be said into the answer to a part of a page: the browser shows it in a corner.

    A whole page shows it by itself, and a redirect leads to one.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "HX-Request" in request.headers and response.status_code == 200 and hasattr(request, "_messages"):
            for message in messages.get_messages(request):
                trigger_client_event(response, "said", {"text": str(message), "kind": message.tags}, after="settle")
        return response
