"""Redirect of a page that has another address now; a form that is sent there is sent on, with its method and body."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.views.generic import RedirectView

from common.own_addresses import with_prefix


class MovedPage(RedirectView):
    """Answers 302 to who reads. To a form 307: after a 302 a browser asks by GET, and drops what was typed."""

    query_string = True

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str | None:
        address = super().get_redirect_url(*args, **kwargs)
        return None if address is None else with_prefix(address)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        address = self.get_redirect_url(*args, **kwargs)
        assert address is not None
        return HttpResponseRedirect(address, preserve_request=True)
