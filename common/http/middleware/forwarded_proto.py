"""Middleware of X-Forwarded-Proto: believed of trusted proxies alone."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.http.client_address import is_trusted_peer

Handler = Callable[[HttpRequest], HttpResponse]


class ForwardedProto:
    """Believe X-Forwarded-Proto of trusted proxies alone: from whoever else it would make https of plain http."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_X_FORWARDED_PROTO" in request.META and not is_trusted_peer(request.META, settings.TRUSTED_PROXIES):
            del request.META["HTTP_X_FORWARDED_PROTO"]
        return self.get_response(request)
