"""Middleware of the forced password change: a password that others know is changed before any other page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from common.own_addresses import with_prefix
from teams.accounts.no_store import is_door, is_signed_in
from teams.accounts.signed_in import person
from teams.local_passwords import may_use_password

Handler = Callable[[HttpRequest], HttpResponse]


class NewPasswordFirst:
    """Lead whoever signed in with a password that stood in a file to a new one, before any other page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_door(request) or not is_signed_in(request):
            return self.get_response(request)
        wanted = reverse("change_password")
        user = person(request)
        asked = user.must_change_password and may_use_password(user)
        if not asked or with_prefix(request.path_info) in (wanted, reverse("sign_out")):
            return self.get_response(request)
        if "HX-Request" in request.headers:
            return HttpResponse(status=204, headers={"HX-Redirect": wanted})
        return redirect(wanted)
