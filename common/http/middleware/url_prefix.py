"""Middleware of the path prefix in RUNBELL_URL: behind a proxy that strips it and behind one that keeps it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix

from common.own_addresses import without_prefix

Handler = Callable[[HttpRequest], HttpResponse]


class UrlPrefix:
    """Take the prefix from the path where it is there, so that all else sees the path of a route.

    Without it a path means the same: probes and scripts on this machine ask so. Stands before all that looks at paths.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.URL_PREFIX:
            path = without_prefix(request.path_info)
            request.path_info, request.path = path, f"{settings.URL_PREFIX}{path}"
            request.META |= {"SCRIPT_NAME": settings.URL_PREFIX, "PATH_INFO": path}
            # Each thread has its own.
            set_script_prefix(f"{settings.URL_PREFIX}/")
        return self.get_response(request)
