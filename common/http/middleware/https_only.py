"""Middleware of plain http: scripts are refused over it, where people are redirected to https."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

Handler = Callable[[HttpRequest], HttpResponse]
# Doors of scripts: each request shows a key, or a link that counts as one.
DOORS: tuple[str, ...] = ("/api/", "/graphql", "/files/", "/artifactsV2/")


class HttpsForScripts:
    """Refuse scripts that come over plain http, where Runbell's own address is https.

    A redirect would work for many of them: the key would go unencrypted with each request, and nobody would see it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECURE_SSL_REDIRECT or request.is_secure() or not request.path_info.startswith(DOORS):
            return self.get_response(request)
        message = f"This came over plain http, its key too: make a new one. Runbell is at {settings.RUNBELL_URL}."
        return JsonResponse({"detail": message, "errors": []}, status=403)
