"""The OpenID Connect authorization code flow: allauth's, with PKCE and a nonce always, and every token verified.

Of allauth come the state, its place in the session, the code challenge and the steps after; what asks the provider is
ours, over the one guarded socket, and keeps no token.
"""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any
from urllib.parse import quote_plus

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from common.own_addresses import absolute
from teams.sign_in.single_sign_on.claims import identity_of, merged
from teams.sign_in.single_sign_on.discovery import Endpoints, endpoints_of
from teams.sign_in.single_sign_on.errors import SignInFailed
from teams.sign_in.single_sign_on.id_token import verified_claims
from teams.sign_in.single_sign_on.provider_lookup import identity_provider
from teams.sign_in.single_sign_on.provider_requests import get_json, post_form
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider


class CodeFlow(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    # What was stashed when the person was sent to the provider.
    state: dict[str, Any]

    @property
    def identity_provider(self) -> IdentityProvider:
        return identity_provider(self.provider_id)

    @property
    def endpoints(self) -> Endpoints:
        return endpoints_of(self.identity_provider)

    @property
    def authorize_url(self) -> str:
        return self.endpoints.authorization

    @property
    def access_token_url(self) -> str:
        return self.endpoints.token

    @property
    def basic_auth(self) -> bool:
        return not self.endpoints.takes_secret_in_form

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Of the address that people use, whatever Host the request names."""
        return absolute(reverse("single_sign_on_callback", args=[self.provider_id]))

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        provider = self.identity_provider
        form = {
            "grant_type": "authorization_code",
            "code": request.GET["code"],
            "redirect_uri": self.get_callback_url(request, app),
            "code_verifier": pkce_code_verifier or "",
        }
        headers = {}
        if provider.client_secret and self.basic_auth:
            pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
            headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        else:
            form |= {"client_id": provider.client_id}
            form |= {"client_secret": provider.client_secret} if provider.client_secret else {}
        answer: dict[str, Any] = post_form(provider, self.endpoints.token, "the token endpoint", form, **headers)
        return answer

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """None: allauth would put it into the session with a sign-in that waits for a second factor."""
        return SocialToken(token="")

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, *, response: dict[str, Any]
    ) -> SocialLogin:
        provider = self.identity_provider
        id_token = verified_claims(provider, response.get("id_token"), self.state.get("nonce") or secrets.token_hex())
        userinfo: dict[str, Any] = {}
        access_token = response.get("access_token")
        if self.endpoints.userinfo and isinstance(access_token, str):
            userinfo = get_json(provider, self.endpoints.userinfo, "the userinfo endpoint", token=access_token)
        claims = merged(id_token, userinfo)
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.identity = identity_of(provider, claims)
        login.verified_at = id_token.get("auth_time")
        return login


class CodeFlowProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """What allauth knows of a provider. It takes nothing out of the address that a browser sends."""

    oauth2_adapter_class = CodeFlow

    def get_callback_url(self) -> str:
        return reverse("single_sign_on_callback", args=[self.app.provider_id])

    def get_pkce_params(self) -> dict[str, Any]:
        challenge: dict[str, Any] = generate_code_challenge()
        return challenge

    def extract_uid(self, data: dict[str, Any]) -> str:
        # Judged by `identity_of`; what is no text of a fitting length would be a fault of the server here.
        subject = data.get("sub")
        return subject if isinstance(subject, str) and 0 < len(subject) < 192 else "-"

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class CallbackView(OAuth2CallbackView):  # type: ignore[misc]
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[dict[str, Any] | None, HttpResponse | None]:
        state, answer = super()._get_state(request, provider)
        self.adapter.state = state or {}
        return state, answer


def sent_to_provider(request: HttpRequest, provider: IdentityProvider, process: str, next_url: str | None) -> str:
    """Give the address of the provider's page for this person, whose session remembers what must come back."""
    flow = CodeFlow(request, provider.id)
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce, **({"prompt": "login", "max_age": "0"} if process == "again" else {})}
    answer = flow.get_provider().redirect(
        request, process, next_url, nonce=nonce, begun_at=time.time(), auth_params=asked
    )
    if answer.status_code != 302:
        raise SignInFailed("the provider's page could not be addressed")
    return str(answer["Location"])
