"""Reauthentication: who one is, asked again before a second factor is set up, changed or taken away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.base.internal.flows import post_authentication
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.http.safe_redirect import next_page
from teams.accounts.signed_in import person
from teams.audit.confirmed_identity import require_confirmed
from teams.sign_in.two_factor.posted_step import posted_step
from teams.sign_in.two_factor.requirement import factors_of

View = Callable[..., HttpResponse]


def asked_again(view: View) -> View:
    """Have whoever has not shown lately who they are asked first (`teams.sign_in.confirm_identity`)."""

    @never_cache
    @login_required
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require_confirmed()
        return view(request, *args, **kwargs)

    return inner


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def by_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a security key, of somebody who is signed in."""
    user = person(request)
    if not factors_of(user).exists():
        return redirect("two_factor")
    form, found = posted_step(request, user)
    if found is not None:
        post_authentication(request, found, reauthenticated=True)
        return redirect(next_page(request, "two_factor"))
    shown = {"form": form, "options": reverse("second_factor_options"), "next": _wanted(request), **ways(request)}
    return render(request, "teams/two_factor/asked_again.html", shown, status=422 if form.errors else 200)


def ways(request: HttpRequest) -> dict[str, bool]:
    """Say which second factors the signed-in person has."""
    types = set(factors_of(person(request)).values_list("type", flat=True))
    return {"has_app": "totp" in types, "has_keys": "webauthn" in types}


def _wanted(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next", "")
