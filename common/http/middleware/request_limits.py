"""Middleware that refuses requests nothing here could take: NUL characters, forms that are too long."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

Handler = Callable[[HttpRequest], HttpResponse]


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


class NoLongForm:
    """Refuse a form with files that is longer than any other body may be: Django would write it to disk for anybody.

    No page of ours takes files; scripts send theirs as they are, to signed links.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said, most = request.META.get("CONTENT_LENGTH") or "0", settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.content_type == "multipart/form-data" and said.isdigit() and int(said) > most:
            message = f"The form has {said} bytes; {most} is the most. Send files to the links of artifacts and runs."
            return HttpResponse(message, status=413, content_type="text/plain")
        return self.get_response(request)
