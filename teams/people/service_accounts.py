"""Service accounts of a team: list, rename, keys, removal. They are made by `teams.joining.new_account`.

A team's admins answer for what its accounts do in it: the keys that they make of one reach this team alone, and of an
account that is on another team too they change nothing that counts there.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from common.data.validation_errors import refuse
from teams import memberships
from teams.accounts import api_key, handed_over_key
from teams.accounts.api_key import KeyLimits
from teams.audit import audit_log
from teams.joining.new_account import create_service_account, described
from teams.models import ApiKey, Membership, Team, User
from teams.sign_in.end_all_ways_in import end_all_ways_in


def accounts_of(team: Team) -> QuerySet[Membership]:
    """Give the service accounts of the team, as its members."""
    rows = Membership.objects.filter(team=team, user__is_service=True, user__is_active=True)
    return rows.select_related("user").order_by("user__first_name", "user__username")


def create(team: Team, description: str, *, by: User) -> tuple[Membership, str]:
    """Make an account of this team with a first key; give it, and the key, which nobody can see again."""
    with transaction.atomic():
        with audit_log.told_by_one_row():
            user = create_service_account(team, description, by=by)
        account = accounts_of(team).get(user=user)
        plain = handed_over_key.read_once(user, by) or ""
        told = {"username": user.username, "description": user.first_name, "role": account.role}
        audit_log.record("service_account.create", f"service account {user}", team=team, after=told)
    return account, plain


def is_elsewhere_too(account: Membership) -> bool:
    return Membership.objects.filter(user=account.user_id).exclude(pk=account.pk).exists()


def rename(account: Membership, description: str) -> User:
    """Say anew what uses the account; its user name stays, for scripts and runs name it."""
    words, user = described(description), account.user
    if is_elsewhere_too(account):
        refuse("description", f"{user} is on another team too. A superuser of this Runbell renames it.")
    with transaction.atomic():
        before = {"description": user.first_name}
        user.first_name = words
        user.save(update_fields=["first_name"])
        audit_log.record(
            "service_account.rename", f"service account {user}", team=account.team, before=before,
            after={"description": words},
        )  # fmt: skip
    return user


def keys_of(account: Membership) -> QuerySet[ApiKey]:
    """Give the keys of the account that lead to the team alone: of others its admins are told under API keys."""
    return ApiKey.objects.filter(user=account.user_id, team=account.team_id).order_by("-pk")


def create_key(account: Membership, name: str, *, by: User) -> tuple[ApiKey, str]:
    """Give a new key that reaches this team alone, and its plain text, which nobody can see again.

    It ends no later, and works from nowhere else, than the key by which it was asked for.
    """
    shown = by.shown_key
    limits = KeyLimits(team=account.team)
    if shown is not None:
        limits = KeyLimits(team=account.team, expires_at=shown.expires_at, networks=shown.networks)
    with transaction.atomic():
        with audit_log.told_by_one_row():
            key, plain = api_key.create_key(account.user, name, limits)
        told = {"name": key.name, "start": key.start}
        audit_log.record("service_account.key", f"service account {account.user}", team=account.team, after=told)
    return key, plain


def delete_key(account: Membership, key: ApiKey) -> None:
    """Take the key back: whoever uses it is refused from now on."""
    with transaction.atomic():
        told = {"name": key.name, "start": key.start}
        audit_log.record(
            "service_account.key_delete", f"service account {account.user}", team=account.team, before=told
        )
        with audit_log.told_by_one_row():
            api_key.delete_key(key)


def remove(account: Membership) -> None:
    """Take the account off the team, with its keys to it. Where it is on no other team it is switched off."""
    user = account.user
    with transaction.atomic():
        told = {"role": account.role, "keys": [str(key) for key in keys_of(account)]}
        with audit_log.told_by_one_row():
            for key in keys_of(account):
                api_key.delete_key(key)
            memberships.leave(account)
            if not Membership.objects.filter(user=user).exists():
                switch_off(user)
        audit_log.record("service_account.remove", f"service account {user}", team=account.team, before=told)


def switch_off(user: User) -> None:
    """Let nobody be this account any more. What it made stays, under its name."""
    end_all_ways_in(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit_log.record(
        "user.change", f"user {user}", team=None, person=user, before={"is_active": True}, after={"is_active": False}
    )
