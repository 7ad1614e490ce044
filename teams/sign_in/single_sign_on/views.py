"""Pages of single sign-on: to the provider, back from it, and to it once more to confirm who one is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teams.sign_in.single_sign_on.adapter import failed
from teams.sign_in.single_sign_on.errors import SignInFailed
from teams.sign_in.single_sign_on.oidc_flow import CallbackView, CodeFlow, sent_to_provider
from teams.sign_in.single_sign_on.provider_lookup import identity_provider
from teams.sign_in.single_sign_on.provider_requests import asking_in_turn


@never_cache
@require_POST
def begin(request: HttpRequest, provider: str) -> HttpResponse:
    """Send the person to the provider. Only by a form of ours: else a link would sign people in."""
    return _sent(request, provider, "login")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, provider: str) -> HttpResponse:
    """Let who is signed in show the provider once more that it is they; then lead to `next`."""
    found = identity_provider(provider)
    if request.method == "POST":
        return _sent(request, provider, "again")
    return render(request, "teams/single_sign_on/again.html", {"provider": found, "next": _next(request) or ""})


@never_cache
@require_safe
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider sends people back to."""
    found = identity_provider(provider)
    try:
        with asking_in_turn():
            answer: HttpResponse = CallbackView.adapter_view(CodeFlow(request, found.id))(request)
            return answer
    except SignInFailed as error:
        return failed(request, found, error)


def _sent(request: HttpRequest, provider: str, process: str) -> HttpResponse:
    found = identity_provider(provider)
    try:
        with asking_in_turn():
            url = sent_to_provider(request, found, process, _next(request))
    except SignInFailed as error:
        return failed(request, found, error)
    # A page that leads on, no redirect: the policy keeps forms from ending anywhere else (form-action).
    shown: dict[str, Any] = {"provider": found, "url": url}
    return render(request, "teams/single_sign_on/leaving.html", shown)


def _next(request: HttpRequest) -> str | None:
    """Give where to lead afterwards, where that is a page of ours."""
    there = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return there if is_ours else None
