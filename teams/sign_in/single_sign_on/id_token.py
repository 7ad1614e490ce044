"""Verification of an ID token (JWT): signature, issuer, audience, time and nonce.

Stricter than allauth, which takes the signature on trust where the token came straight from the provider, and knows
no nonce.
"""

from __future__ import annotations

import hmac
from typing import Any

import jwt

from teams.sign_in.single_sign_on import discovery
from teams.sign_in.single_sign_on.errors import SignInFailed
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider

# Public keys alone: with HS256 the provider's published key would be the secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# How far the provider's clock may be from ours.
LEEWAY_SECONDS = 60
_REQUIRED = ["iss", "aud", "sub", "exp", "iat"]


def verified_claims(provider: IdentityProvider, token: Any, nonce: str) -> dict[str, Any]:
    """Give what the token says. Raises SignInFailed where one thing of it is not right."""
    if not isinstance(token, str):
        raise SignInFailed("the provider sent no ID token; its scopes need openid")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise SignInFailed("the ID token is none") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise SignInFailed("the ID token is signed with an algorithm that is not taken")
    for row in discovery.keys_of(provider, kid if isinstance(kid, str) else None):
        claims = _claims(provider, token, row, str(algorithm))
        if claims is not None:
            _require_ours(provider, claims, nonce)
            return claims
    raise SignInFailed("the ID token's signature is not the provider's")


def _claims(provider: IdentityProvider, token: str, row: dict[str, Any], algorithm: str) -> dict[str, Any] | None:
    """Give the claims, or None where this key did not sign them."""
    try:
        key = jwt.PyJWK.from_dict(row, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):  # a key of another sort, or none at all
        return None
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=provider.client_id,
            issuer=discovery.endpoints_of(provider).issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        return claims
    except (jwt.InvalidSignatureError, jwt.InvalidKeyError):
        return None
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
        # By its class: the message may quote the token.
        raise SignInFailed(f"the ID token is refused ({type(error).__name__})") from None


def _require_ours(provider: IdentityProvider, claims: dict[str, Any], nonce: str) -> None:
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode("utf-8", "replace"), nonce.encode()):
        raise SignInFailed("the ID token's nonce is not the one of this sign-in")
    audience = claims["aud"]
    party = claims.get("azp", provider.client_id if isinstance(audience, str) or len(audience) == 1 else None)
    if party != provider.client_id:
        raise SignInFailed("the ID token was made for another application (azp)")
