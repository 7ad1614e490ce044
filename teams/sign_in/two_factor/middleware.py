"""Middleware of two-factor sign-in required by an organization: a second factor is set up before any other page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from teams.accounts.no_store import is_door, is_signed_in
from teams.accounts.signed_in import person
from teams.sign_in.single_sign_on.second_factor import is_vouched_for
from teams.sign_in.two_factor.requirement import must_set_up

Handler = Callable[[HttpRequest], HttpResponse]
# What it takes to set one up, to show who one is, to have a password of one's own, and to leave.
_OPEN = frozenset(
    [
        "two_factor", "add_authenticator_app", "add_security_key", "security_key_options", "account_reauthenticate",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "second_factor_options", "single_sign_on_again",
        "single_sign_on_callback", "change_password", "sign_out",
    ]
)  # fmt: skip


class SecondFactorFirst:
    """Lead whoever has to set up a second factor to it, before any other page. API keys of scripts go on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        here = request.resolver_match.url_name if request.resolver_match else None
        if here in _OPEN or request.path_info == "/healthz" or not is_signed_in(request):
            return None
        # Whoever shows a key is who the key says: a browser's session plays no part.
        if is_door(request) and "Authorization" in request.headers or not _must_set_up(request):
            return None
        if is_door(request):
            said = _("Your organization asks for a second factor. Set one up in your profile first.")
            return JsonResponse({"detail": said}, status=403)
        wanted = reverse("two_factor")
        if "HX-Request" in request.headers:
            return HttpResponse(status=204, headers={"HX-Redirect": wanted})
        return redirect(wanted)


def _must_set_up(request: HttpRequest) -> bool:
    user = person(request)
    return must_set_up(user) and not is_vouched_for(request, user)
