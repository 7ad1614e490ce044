"""The end of every way into an account: for when it turns out to be somebody else's than whoever used it until now."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from teams.accounts.api_key import delete_key
from teams.audit import audit_log
from teams.models import ApiKey, User, UserSession
from teams.sessions.expired_sessions import end_sessions
from teams.sign_in.two_factor import factors

# Each model whose rows let somebody in. A new one that refers to people belongs here, or its test fails.
WAYS_IN = (ApiKey, UserSession, SocialAccount, Authenticator)


def end_all_ways_in(user: User) -> None:
    """Let nothing open the account that did: password, sessions, API keys, providers, passkeys, apps, recovery codes.

    Whoever calls it gives the account a new way in within the same transaction.
    """
    with transaction.atomic():
        masked = {"password": audit_log.MASK}
        user.set_unusable_password()
        user.save(update_fields=["password"])
        audit_log.record("user.change", f"user {user}", team=None, person=user, before=masked, after=masked)
        for key in ApiKey.objects.filter(user=user):
            delete_key(key)
        end_sessions(user)
        for account in SocialAccount.objects.filter(user=user):
            before = {"provider": account.provider, "subject": account.uid}
            audit_log.record("sign_in.unlink", f"user {user}", team=None, person=user, before=before)
            account.delete()
        factors.reset(user)
