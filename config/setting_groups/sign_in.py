"""Settings of django-allauth: two-factor sign-in, single sign-on, and being asked again who one is."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider, parse_providers

APPS: list[str] = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

ACCOUNT: dict[str, Any] = {
    "ACCOUNT_ADAPTER": "teams.sign_in.adapter.AccountAdapter",
    "ACCOUNT_LOGIN_METHODS": {"username"},
    "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_UNIQUE_EMAIL": False,
    # Ours hold over processes and restarts (teams.accounts.sign_in_limits).
    "ACCOUNT_RATE_LIMITS": False,
}

# Second factors (teams.sign_in.two_factor).
TWO_FACTOR: dict[str, Any] = {
    "MFA_ADAPTER": "teams.sign_in.two_factor.adapter.MFAAdapter",
    "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes", "webauthn"],
    "MFA_PASSKEY_LOGIN_ENABLED": True,
    # One step of 30 seconds to either side, for clocks that go wrong.
    "MFA_TOTP_TOLERANCE": 1,
    "MFA_RECOVERY_CODE_DIGITS": 10,
    "MFA_RECOVERY_CODES_SHOW_ONCE": True,
    # Ours hold over processes and restarts (teams.accounts.sign_in_limits).
    "MFA_RATE_LIMITS": False,
}
SINGLE_SIGN_ON: dict[str, Any] = {
    "SOCIALACCOUNT_ADAPTER": "teams.sign_in.single_sign_on.adapter.SingleSignOnAdapter",
    # Of the provider's tokens none is kept: what they say is read at once.
    "SOCIALACCOUNT_STORE_TOKENS": False,
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
}


def single_sign_on() -> tuple[tuple[IdentityProvider, ...], bool]:
    """Give the identity providers, and whether passwords of our own sign in."""
    providers = env.document("RUNBELL_OIDC_PROVIDERS", "", parse_providers)
    passwords = env.flag("RUNBELL_LOCAL_PASSWORDS", True)
    if not passwords and not providers:
        raise ImproperlyConfigured(
            "RUNBELL_LOCAL_PASSWORDS is off and RUNBELL_OIDC_PROVIDERS names no provider, so nobody could sign in. "
            "Name one, or set RUNBELL_LOCAL_PASSWORDS=true."
        )
    return providers, passwords
