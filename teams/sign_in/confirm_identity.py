"""Confirm it is you: the page and the middleware that ask a signed-in person again who they are (re-authentication).

What asks is said in one place, `teams.audit.confirmed_identity`. A sign-in counts, and so do the password, and what
allauth offers besides (a passkey, a code, the identity provider). A form that came too late is answered with the
question and what was typed, and goes on with the password; where a secret may be in it, nothing is written into a page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.signals import authentication_step_completed
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.http.safe_redirect import is_own_path
from common.http.too_many_requests import TooManyRequests, too_many_requests
from teams.accounts.sign_in_limits import WrongPassword, password_try
from teams.accounts.signed_in import person
from teams.audit import actor, audit_log
from teams.audit.confirmed_identity import IdentityNotConfirmed, require_confirmed
from teams.local_passwords import may_use_password
from teams.models import User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Handler = Callable[[HttpRequest], HttpResponse]

# The field of the password, on the page and in a form that came too late.
FIELD = "identity_password"
_STAMP = "identity_confirmed_at"
# What may stand in a page again: no field of this name holds a secret. A form with any other one is typed anew.
_SHOWN_AGAIN = frozenset({
    "name", "team", "role", "username", "email", "scope", "kind", "networks", "expires_at", "post", "confirm",
    "action", "_selected_action", "select_across", "index", "next", "_save",
})  # fmt: skip
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", FIELD})


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether the session's person confirmed lately who they are; who is not signed in is nobody to be asked."""
    if not isinstance(getattr(request, "user", None), User):
        return True
    age = time.time() - float(request.session.get(_STAMP, 0))
    return 0 <= age < settings.REAUTHENTICATION_SECONDS


def confirm(request: HttpRequest) -> None:
    """Note in the session that its person has confirmed now who they are."""
    request.session[_STAMP] = time.time()


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, **_of_signal: Any) -> None:
    if request is not None and hasattr(request, "session"):
        confirm(request)


@receiver(authentication_step_completed)
def _confirmed_otherwise(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    """What allauth checked: a passkey, a code, the identity provider."""
    if more.get("reauthenticated") and request.user == user:
        confirm(request)
        _record("sign_in.confirm", user, method)


def asks_first(view: View) -> View:
    """Have people confirm who they are before this page is shown, so that its form does not come too late."""

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD"):
            require_confirmed()
        return view(request, *args, **kwargs)

    return cast(View, asking)


@never_cache
@sensitive_post_parameters(FIELD)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    """Ask, and lead on to `next`. The password itself is checked by the middleware, for every address alike."""
    if not isinstance(request.user, User):
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': request.get_full_path()})}")
    there = request.POST.get("next") or request.GET.get("next", "")
    there = there if is_own_path(request, there) else reverse("home")
    if is_confirmed(request):
        return redirect(there)
    return _question(request, there, {}, _wrong_words(request), 422 if request.method == "POST" else 200)


class IdentityConfirmation:
    """Tells services whether the person has confirmed, takes the password, and answers what came too early."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor.current().is_confirmed = lambda: is_confirmed(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if request.method != "POST" or not _is_page(request) or FIELD not in request.POST:
            return None
        try:
            if _is_right(person(request), request.POST[FIELD]):
                confirm(request)
        except TooManyRequests as error:
            return too_many_requests(error, actor.current().door)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        # Allauth's own would keep the whole form in the session.
        if not isinstance(error, (IdentityNotConfirmed, ReauthenticationRequired)) or not _is_page(request):
            return None
        if "HX-Request" in request.headers:
            return HttpResponse(status=204, headers={"HX-Redirect": _address(_page_of(request))})
        if request.method in ("GET", "HEAD"):
            return redirect(_address(request.get_full_path()))
        typed = [(name, text) for name in request.POST for text in request.POST.getlist(name) if name not in _NOT_TYPED]
        shown = {name for name, text in typed if text} <= _SHOWN_AGAIN
        if shown:
            return _question(request, "", typed, _wrong_words(request), 403)
        lost = _("Nothing was saved, and what you typed is not shown again, for a secret may be in it.")
        return _question(request, request.get_full_path(), [], lost, 403)


def _is_page(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and actor.current().door in ("page", "admin")


def _page_of(request: HttpRequest) -> str:
    """Give the page on which htmx asked, as the browser says it."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return reverse("home")
    return page._replace(scheme="", netloc="").geturl()


def _question(request: HttpRequest, there: str, typed: Any, said: str, status: int) -> HttpResponse:
    """Ask. With `there` the answer leads on to it; without, what was typed is sent again to where it was sent."""
    user = person(request)
    methods = [one for one in get_adapter().get_reauthentication_methods(user) if one["id"] != "reauthenticate"]
    shown = {
        "action": reverse("account_reauthenticate") if there else request.get_full_path(),
        "there": there, "typed": list(typed), "said": said, "field": FIELD,
        "has_password": user.has_usable_password() and may_use_password(user),
        "others": [{**one, "url": f"{one['url']}?{urlencode({'next': there or reverse('home')})}"} for one in methods],
    }  # fmt: skip
    return render(request, "teams/confirm_identity.html", shown, status=status)


def _wrong_words(request: HttpRequest) -> str:
    return _("That is not your password.") if request.POST.get(FIELD) else ""


def _address(there: str) -> str:
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': there})}"


def _is_right(user: User, password: str) -> bool:
    """Check the password, as slowly as at the sign-in for whoever guesses. Raises TooManyRequests."""
    if not password or not user.has_usable_password() or not may_use_password(user):
        return False
    try:
        with password_try(user.get_username()):
            if not user.check_password(password):
                raise WrongPassword
    except WrongPassword:
        _record("sign_in.failed", user, "wrong password, asked again")
        return False
    _record("sign_in.confirm", user, "password")
    return True


def _record(verb: str, user: User, how: str) -> None:
    with transaction.atomic():
        audit_log.record(verb, f"user {user}", team=None, person=user, by=user, after={"how": how})
