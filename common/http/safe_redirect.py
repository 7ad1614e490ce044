"""Safe redirect after a form: the `next` that its page gave, where it is a path of ours (no open redirect)."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest, otherwise: str) -> str:
    """Give the `next` of a form; another word, host or scheme is as if there were none."""
    there = request.POST.get("next", "")
    return there if is_own_path(request, there) else otherwise


def is_own_path(request: HttpRequest, there: str) -> bool:
    return there.startswith("/") and url_has_allowed_host_and_scheme(there, {request.get_host()})
