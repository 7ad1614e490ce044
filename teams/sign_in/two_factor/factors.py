"""Second factors of a person: set up, named, taken away; each change in the audit log, in its own transaction."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import vault_encryption
from common.data.lookup import row_or_404
from teams.accounts.sign_in_limits import forget_wrong_codes
from teams.audit import audit_log
from teams.models import User
from teams.sign_in.two_factor.codes import codes_left
from teams.sign_in.two_factor.requirement import factors_of, requiring_organizations

Type = Authenticator.Type
# More would make each sign-in read them all.
MOST_KEYS = 20
_CALLED = {Type.TOTP: "authenticator app", Type.RECOVERY_CODES: "recovery codes", Type.WEBAUTHN: "security key"}


def add_app(user: User, secret: str, step: int) -> list[str]:
    """Keep the secret of an app that has shown its code of `step`; give recovery codes, if they are new."""
    with transaction.atomic():
        _one_at_a_time(user)
        if app_of(user) is not None:
            raise ValidationError(_("There is an authenticator app already. Remove it before you set up another."))
        data = {"secret": vault_encryption.encrypt(secret), "last_step": step}
        return _added(Authenticator(user=user, type=Type.TOTP, data=data))


def add_key(user: User, name: str, credential: dict[str, Any]) -> list[str]:
    """Keep a passkey or security key; give recovery codes, if they are new."""
    with transaction.atomic():
        _one_at_a_time(user)
        if keys_of(user).count() >= MOST_KEYS:
            raise ValidationError(_("You have %(most)s keys. Remove one that is not used.") % {"most": MOST_KEYS})
        return _added(Authenticator(user=user, type=Type.WEBAUTHN, data={"name": name, "credential": credential}))


def rename_key(user: User, pk: int, name: str) -> None:
    with transaction.atomic():
        _one_at_a_time(user)
        key = own_key(user, pk)
        before, key.data["name"] = key.data["name"], name
        key.save(update_fields=["data"])
        _record("change", key, before={"name": before}, after={"name": name})


def remove(user: User, authenticator: Authenticator) -> None:
    """Take one away. Raises ValidationError where it is the last and an organization asks for one."""
    with transaction.atomic():
        _one_at_a_time(user)
        others = factors_of(user).exclude(pk=authenticator.pk)
        if not others.exists():
            _refuse_where_required(user)
            Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
        _record("remove", authenticator, before=_audit_name(authenticator))
        authenticator.delete()


def switch_off(user: User) -> None:
    """Take all of them away, and the recovery codes."""
    with transaction.atomic():
        _one_at_a_time(user)
        _refuse_where_required(user)
        _remove_all(user, "remove")


def reset(user: User) -> int:
    """Take all of a person's factors away, for somebody who lost them; give how many there were."""
    with transaction.atomic():
        _one_at_a_time(user)
        count = factors_of(user).count()
        _remove_all(user, "reset")
        forget_wrong_codes(user)
    return count


def new_recovery_codes(user: User) -> list[str]:
    """Put new recovery codes in the place of those there are."""
    with transaction.atomic():
        _one_at_a_time(user)
        if not factors_of(user).exists():
            raise ValidationError(_("Recovery codes stand in for a second factor. Set one up first."))
        Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
        made = RecoveryCodes.activate(user).instance
        _record("add", made, after=_audit_name(made))
        return codes_left(user)


def app_of(user: User) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(user=user, type=Type.TOTP).first()
    return found


def keys_of(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Type.WEBAUTHN).order_by("created_at", "pk")


def own_key(user: User, pk: int) -> Authenticator:
    return row_or_404(keys_of(user).filter(pk=pk), f"security key {pk} of yours")


def _added(authenticator: Authenticator) -> list[str]:
    authenticator.last_used_at = timezone.now()
    authenticator.save()
    _record("add", authenticator, after=_audit_name(authenticator))
    has_codes = Authenticator.objects.filter(user=authenticator.user, type=Type.RECOVERY_CODES).exists()
    if has_codes:
        return []
    RecoveryCodes.activate(authenticator.user)
    return codes_left(authenticator.user)


def _remove_all(user: User, verb: str) -> None:
    rows = list(factors_of(user).order_by("pk"))
    Authenticator.objects.filter(user=user).delete()
    if rows:
        told = [" ".join(_audit_name(row).values()) for row in rows]
        audit_log.record(f"second_factor.{verb}", f"user {user}", team=None, person=user, before={"factors": told})


def _refuse_where_required(user: User) -> None:
    asking = requiring_organizations(user).first()
    if asking is not None and factors_of(user).exists():
        raise ValidationError(
            _("The organization %(name)s asks for a second factor. Set up another one before you remove your last.")
            % {"name": asking}
        )


def _one_at_a_time(user: User) -> None:
    """Let two changes of one person come one after the other: which factor is the last would not be known else."""
    User.objects.select_for_update(of=("self",)).only("pk").get(pk=user.pk)


def _record(verb: str, row: Authenticator, **sides: Any) -> None:
    target = f"{_CALLED[row.type]} of {row.user}"
    audit_log.record(f"second_factor.{verb}", target, team=None, person=row.user, **sides)


def _audit_name(row: Authenticator) -> dict[str, str]:
    return {"kind": _CALLED[row.type], **({"name": row.data["name"]} if row.type == Type.WEBAUTHN else {})}
