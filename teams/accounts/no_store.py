"""Middleware of Cache-Control: `no-store` on the API and on pages of whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from teams.models import User

Handler = Callable[[HttpRequest], HttpResponse]
# Doors of scripts: they show a key, and each answer is for whoever has it.
_DOORS = ("/api/", "/files/", "/artifactsV2/")
_GRAPHQL = "/graphql"


class NotStored:
    """Say `no-store` of the API and of pages for whoever is signed in. What says something itself is left as it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response and (is_door(request) or is_signed_in(request)):
            response["Cache-Control"] = "private, no-store"
        return response


def is_door(request: HttpRequest) -> bool:
    return request.path_info == _GRAPHQL or request.path_info.startswith(_DOORS)


def is_signed_in(request: HttpRequest) -> bool:
    return isinstance(getattr(request, "user", None), User)
