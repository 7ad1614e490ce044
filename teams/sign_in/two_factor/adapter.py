"""How django-allauth's second factors (allauth.mfa) are kept here: encrypted under the vault's keys."""

from __future__ import annotations

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from common import vault_encryption
from teams.models import User
from teams.sign_in.two_factor.requirement import requiring_organizations


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    def get_totp_label(self, user: User) -> str:
        return user.username

    def get_totp_issuer(self) -> str:
        """Tell one Runbell from another in an app that knows several."""
        return f"Runbell {context.request.get_host()}"

    def encrypt(self, text: str) -> str:
        return vault_encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return vault_encryption.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not requiring_organizations(authenticator.user).exists()
