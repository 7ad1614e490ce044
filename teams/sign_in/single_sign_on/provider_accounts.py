"""Accounts of people whom an identity provider brings: known by provider and subject, joined by e-mail, or new."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.data.validation_errors import quoted, refuse
from teams.audit import audit_log
from teams.email_addresses.confirmed import confirm_address, confirmed
from teams.models import User
from teams.sign_in.end_all_ways_in import end_all_ways_in
from teams.sign_in.single_sign_on.claims import Identity
from teams.sign_in.single_sign_on.errors import NotAdmitted
from teams.sign_in.single_sign_on.group_mapping import follow_groups
from teams.sign_in.single_sign_on.provider_lookup import identity_providers
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider
from teams.sign_in.single_sign_on.user_names import free_username

# Two who come at once may want one name, and one person may come twice at once.
_TRIES = 5


def signed_in_person(provider: IdentityProvider, identity: Identity) -> User:
    """Give the account, with teams and roles as the groups say today. Raises NotAdmitted."""
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                user = known_person(provider, identity) or _joined(provider, identity) or _created(provider, identity)
                _require_may_sign_in(user)
                confirm_address(user, identity.email, f"identity provider {provider.id}")
                follow_groups(provider, user, identity.groups)
                return user
        except IntegrityError:
            if attempt == _TRIES:
                raise
    raise AssertionError("never reached")


def known_person(provider: IdentityProvider, identity: Identity) -> User | None:
    rows = SocialAccount.objects.select_related("user").filter(provider=provider.id, uid=identity.subject)
    account = rows.first()
    user: User | None = account.user if account else None
    return user


def link_account(provider_id: str, subject: str, username: str) -> None:
    """Link by the operator's word alone; the account stays as it is. Raises ValidationError by field."""
    user = User.objects.filter(username=username, is_active=True, is_service=False).first()
    if user is None:
        refuse("username", f"{quoted(username)} is nobody who signs in here.")
    if provider_id not in [provider.id for provider in identity_providers()]:
        refuse("provider", f"{quoted(provider_id)} is not in RUNBELL_OIDC_PROVIDERS.")
    with transaction.atomic():
        taken = SocialAccount.objects.filter(provider=provider_id, uid=subject).select_related("user").first()
        if taken is not None:
            refuse("subject", f"{quoted(subject)} signs in as {taken.user} already.")
        link(provider_id, subject, user)


def link(provider_id: str, subject: str, user: User) -> None:
    """Let this subject of the provider sign in to the account from now on."""
    SocialAccount.objects.create(provider=provider_id, uid=subject, user=user)
    after = {"provider": provider_id, "subject": subject}
    audit_log.record("sign_in.link", f"user {user}", team=None, person=user, after=after)


def _joined(provider: IdentityProvider, identity: Identity) -> User | None:
    """Give the one account with this e-mail address, where the operator wants that; never a superuser's.

    Anybody types any address into their own profile: only one that is confirmed counts, and others stand in nobody's
    way. What opened the account until now ends all the same: who had the address before may not be who has it today.
    """
    if not (provider.links_by_email and identity.email):
        return None
    rows = User.objects.select_for_update(of=("self",)).filter(
        confirmed(), email__iexact=identity.email, is_active=True
    )
    people = list(rows[:2])
    if len(people) != 1 or people[0].is_service or people[0].is_superuser or people[0].is_staff:
        return None
    user = people[0]
    if SocialAccount.objects.filter(user=user, provider=provider.id).exists():
        return None
    end_all_ways_in(user)
    link(provider.id, identity.subject, user)
    return user


def _created(provider: IdentityProvider, identity: Identity) -> User:
    if not provider.creates_accounts:
        raise NotAdmitted(
            "nobody has this subject, and creates_accounts is false",
            _("You have no account here yet. Ask the operator of this Runbell to make you one."),
        )
    user = User(
        username=free_username(identity.username),
        first_name=identity.first_name,
        last_name=identity.last_name,
        email=identity.email,
        confirmed_email=identity.email,
    )
    user.set_unusable_password()
    user.save()
    after = audit_log.columns(user, "username", "email")
    audit_log.record("user.create", f"user {user}", team=None, person=user, after=after)
    link(provider.id, identity.subject, user)
    return user


def _require_may_sign_in(user: User) -> None:
    if not user.is_active:
        raise NotAdmitted(
            f"the account {user} is switched off",
            _("This account is switched off. An administrator of this Runbell can switch it on."),
        )
    if user.is_service:
        raise NotAdmitted(
            f"{user} is a service account",
            _("This is a service account: it has API keys, and does not sign in."),
        )
