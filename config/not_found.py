"""What is said at addresses that lead nowhere: a page to people, JSON to scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return page_not_found(request, exception)
    message = "There is nothing at this address. /api/v1/docs lists every one."
    error = {"field": "address", "value": request.path, "message": message}
    return JsonResponse({"detail": message, "errors": [error]}, status=404)
