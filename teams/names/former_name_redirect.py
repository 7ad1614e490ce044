"""Middleware of former names (redirect): an address with a name of before leads to the page's address of today.

The answer is no permanent one: somebody may take the name, and then it is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from common.own_addresses import with_prefix
from teams.names import former_names

Handler = Callable[[HttpRequest], HttpResponse]
# What asks there gets the answer itself.
_NO_PAGES = ("/api/", "/graphql", "/files/", "/artifactsV2/")


class FormerNameRedirect:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with former_names.asked_by_nobody():
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> None:
        match = request.resolver_match
        if match is not None and match.view_name and not request.path_info.startswith(_NO_PAGES):
            former_names.asked_by_page(kwargs)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if not isinstance(error, former_names.Renamed) or match is None:
            return None
        there = reverse(match.view_name, args=match.args, kwargs={**match.kwargs, error.kind: error.new})
        query = request.META.get("QUERY_STRING", "")
        address = with_prefix(f"{there}?{query}" if query else there)
        # A form is sent on, with its method and what was typed.
        return HttpResponseRedirect(address, preserve_request=request.method not in ("GET", "HEAD"))
