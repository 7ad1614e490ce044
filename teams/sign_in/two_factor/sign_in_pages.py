"""Sign-in with two factors: the page after the password, and signing in with a passkey alone."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from common.http.safe_redirect import next_page
from teams.accounts.rate_limits import count_passkey_challenge
from teams.forms import SignInForm
from teams.models import User
from teams.sign_in.two_factor import security_keys
from teams.sign_in.two_factor.checking import check_passkey
from teams.sign_in.two_factor.posted_step import posted_step
from teams.sign_in.two_factor.requirement import factors_of
from teams.sign_in.two_factor.stage import pending
from teams.sign_in.ways_in import ways_in


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a security key of whoever knew the password; only then are they signed in."""
    stage = pending(request)
    if stage is None:
        return redirect("home" if request.user.is_authenticated else "sign_in")
    form, found = posted_step(request, stage.user)
    if found is not None:
        post_authentication(request, found)
        answer: HttpResponse = stage.exit()
        return answer
    types = set(factors_of(stage.user).values_list("type", flat=True))
    shown = {"has_app": "totp" in types, "has_keys": "webauthn" in types, "options": reverse("second_factor_options")}
    status = 422 if form.errors else 200
    return render(request, "teams/two_factor/second_step.html", {"form": form, **shown}, status=status)


@never_cache
@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Give what the browser asks a security key for, of who is signed in or stands before the second step."""
    stage = pending(request)
    user = stage.user if stage else request.user
    if not isinstance(user, User):
        return redirect("sign_in")
    return JsonResponse(security_keys.options_to_show(user))


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: it is a thing one has, and knows its person by a PIN or a finger."""
    if request.user.is_authenticated:
        return redirect("home")
    if request.method != "POST":
        count_passkey_challenge()
        return JsonResponse(security_keys.options_to_show(None))
    found = check_passkey(request, request.POST.get("credential", ""))
    if found is None:
        form = SignInForm()
        refused = _("This passkey does not sign in here. Sign in with your password.")
        shown = {"form": form, "refused": refused, "next": request.POST.get("next", ""), **ways_in()}
        return render(request, "teams/sign_in.html", shown, status=422)
    post_authentication(request, found, passwordless=True)
    login = Login(user=found.user, redirect_url=next_page(request, reverse("home")))
    answer: HttpResponse = perform_login(request, login)
    return answer
