"""One-time codes of a second factor: those of an authenticator app (TOTP, RFC 6238) and recovery codes, each good once.

Which step of an app was used last stands in the database, with its row locked: a code that was used is refused in every
process (django-allauth asks the cache, of which each process may have its own).
"""

from __future__ import annotations

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from common import vault_encryption
from teams.accounts.sign_in_limits import WrongCode, code_try
from teams.models import User

_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def use_code(user: User, code: str) -> Authenticator:
    """Use up a code, and give what it is of. Raises WrongCode where it is none, TooManyRequests after many of those."""
    with code_try(user):
        for authenticator in Authenticator.objects.filter(user=user, type__in=_TYPES).order_by("-type"):
            if _is_used_up(authenticator, code):
                return authenticator
        raise WrongCode


def matching_step(secret: str, code: str) -> int | None:
    """Give the step of time that a code of this secret is of; None where it is of none that is now."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def codes_left(user: User) -> list[str]:
    """Give the recovery codes that are not used."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return [_as_shown(code) for code in RecoveryCodes(row).get_unused_codes()] if row else []


def count_codes_left(user: User) -> int:
    """Say how many recovery codes are not used; opens nothing."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return int(app_settings.RECOVERY_CODE_COUNT) - int(row.data["used_mask"]).bit_count() if row else 0


def _is_used_up(authenticator: Authenticator, code: str) -> bool:
    try:
        if authenticator.type == Authenticator.Type.TOTP:
            return _use_step(authenticator, code)
        return bool(RecoveryCodes(authenticator).validate_code(code))
    except Authenticator.DoesNotExist:  # taken away at this moment
        return False


def _use_step(authenticator: Authenticator, code: str) -> bool:
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        step = matching_step(vault_encryption.decrypt(row.data["secret"]), code)
        # Steps before the last one are over as well: their codes may have been seen.
        if step is None or step <= row.data["last_step"]:
            return False
        row.data["last_step"] = step
        row.save(update_fields=["data"])
        return True


def _as_shown(code: str) -> str:
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"
