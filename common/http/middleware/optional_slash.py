"""Middleware of trailing slashes: an address means the same with and without one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
