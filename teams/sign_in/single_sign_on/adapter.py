"""How django-allauth brings in people by an identity provider: as the operator's settings say, and nobody signs up."""

from __future__ import annotations

import logging
import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from teams.audit import sign_ins
from teams.models import User
from teams.sign_in.single_sign_on.errors import NotAdmitted, SignInFailed
from teams.sign_in.single_sign_on.id_token import LEEWAY_SECONDS
from teams.sign_in.single_sign_on.oidc_flow import CodeFlowProvider
from teams.sign_in.single_sign_on.provider_accounts import known_person, signed_in_person
from teams.sign_in.single_sign_on.provider_lookup import identity_provider, identity_providers
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider

logger = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Make the account ready, or send the person back; allauth's steps after it find one that exists."""
        provider = identity_provider(sociallogin.account.provider)
        try:
            if sociallogin.state.get("process") == "again":
                raise ImmediateHttpResponse(_confirmed(request, provider, sociallogin))
            user = signed_in_person(provider, sociallogin.identity)
        except SignInFailed as error:
            raise ImmediateHttpResponse(failed(request, provider, error)) from None
        sociallogin.user = user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Lead to our sign-in page, with plain words. Nothing that the provider said is repeated."""
        raise ImmediateHttpResponse(
            failed(request, identity_provider(provider.sub_id), _reason(request, exception, extra_context or {}))
        )

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Never allauth's way; ours is `provider_accounts`."""

    def get_requests_session(self) -> None:
        raise RuntimeError("The provider is asked over the one guarded socket (provider_requests), not by allauth.")

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> CodeFlowProvider:
        """By its id; or as a sign-in that waits in the session names it: by its protocol and its client."""
        if client_id is not None:
            ids = (one.id for one in identity_providers() if one.client_id == client_id)
            provider = next(ids, provider)
        return CodeFlowProvider(request, app=_app(identity_provider(provider)))

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Those of the settings alone: no row of the database makes a provider."""
        return [_app(one) for one in identity_providers() if provider in (None, one.id, "openid_connect")]


def failed(request: HttpRequest, provider: IdentityProvider, error: SignInFailed) -> HttpResponse:
    """Tell the log and the audit log why, and the person in plain words, on the sign-in page or where they were."""
    logger.warning("sign-in with %s failed: %s", provider.id, error.reason)
    sign_ins.record_failure(None, f"{provider.id}: {error.reason}")
    messages.error(request, error.shown)
    return redirect("home" if request.user.is_authenticated else "sign_in")


def _reason(request: HttpRequest, exception: Any, context: dict[str, Any]) -> SignInFailed:
    if isinstance(exception, SignInFailed):
        return exception
    # Some providers leave out the state here, and nothing comes of it either way.
    if request.GET.get("error") == "access_denied":
        return SignInFailed("the person or the provider said no", _("You were not signed in: it was cancelled."))
    if context.get("state") is None:
        return SignInFailed(
            "the answer belongs to no sign-in of this browser",
            _("This sign-in is over: it took more than ten minutes, or was answered already. Begin again."),
        )
    return SignInFailed("the provider answered with an error")


def _confirmed(request: HttpRequest, provider: IdentityProvider, login: SocialLogin) -> HttpResponse:
    """Note that whoever is signed in has just shown the provider that it is they."""
    user = request.user
    if not isinstance(user, User) or known_person(provider, login.identity) != user:
        raise NotAdmitted(
            "another person confirmed than the one who is signed in",
            _("That was another account than the one you are signed in with. Nothing was confirmed."),
        )
    _require_asked_anew(provider, login)
    # Before their groups are looked at: what changes with these asks whether the person has confirmed.
    record_authentication(
        request, user, "socialaccount", provider=provider.id, uid=login.identity.subject, reauthenticated=True
    )
    signed_in_person(provider, login.identity)
    there = login.state.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return redirect(there if is_ours else settings.LOGIN_REDIRECT_URL)


def _require_asked_anew(provider: IdentityProvider, login: SocialLogin) -> None:
    """Refuse an old session at the provider: it was to ask for the password or the like once more."""
    begun_at = float(login.state.get("begun_at") or time.time())
    at = login.verified_at
    if at is None and not provider.says_auth_time:
        return
    if not isinstance(at, (int, float)) or at < begun_at - LEEWAY_SECONDS:
        raise NotAdmitted(
            "auth_time is missing or old: the provider did not ask anew (says_auth_time)",
            _("%(label)s did not ask you who you are. Sign out and in again instead.") % {"label": provider.label},
        )


def _app(provider: IdentityProvider) -> SocialApp:
    return SocialApp(
        provider="openid_connect",
        provider_id=provider.id,
        name=provider.label,
        client_id=provider.client_id,
        settings={"server_url": provider.issuer, "scope": list(provider.scopes)},
    )
