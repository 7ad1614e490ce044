"""Small manners of every address."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_htmx.http import trigger_client_event

Handler = Callable[[HttpRequest], HttpResponse]


class OptionalSlash:
    """Let `/api/v1/projects/` mean `/api/v1/projects`: people and clients write both."""

    # The admin's own addresses end in a slash.
    KEPT = ("/admin/", "/settings/", "/static/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if "\x00" in path:
            # PostgreSQL takes no such text: nothing can be called so.
            return HttpResponse("There is nothing at this address.", status=404, content_type="text/plain")
        if len(path) > 1 and path.endswith("/") and not path.startswith(self.KEPT):
            request.path_info = path.rstrip("/") or "/"
        return self.get_response(request)


class NoNul:
    """Refuse what no text may hold behind the question mark: PostgreSQL breaks on it, wherever it is looked for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" not in (query := request.META.get("QUERY_STRING", "")) and "\x00" not in query:
            return self.get_response(request)
        name = next((name for name, values in request.GET.lists() if "\x00" in "".join([name, *values])), "request")
        field = name.replace("\x00", "\ufffd")
        message = "It holds a NUL character (%00), which no text may hold. Leave that out."
        if not request.path_info.startswith("/api/"):
            return HttpResponse(f"{field}: {message}", status=400, content_type="text/plain")
        errors = [{"field": field, "value": None, "message": message}]
        return JsonResponse({"detail": f"{field}: {message}", "errors": errors}, status=400)


class SayInParts:
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
