"""Services of secrets: create, change, rotate, delete. `reveal` is the one function that gives one in plain text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.data.unique_names import only_one
from common.data.validation_errors import refuse, refuse_in_use
from secrets_vault.models import Secret
from secrets_vault.secret_usage import registry, users_of
from teams.audit import audit_log
from teams.models import Team, User

# Names that mean something else in a payload.
RESERVED = frozenset({"ACCESS_TOKEN"})
LONGEST_BYTES = 48 * 1024
# How long receivers may take to learn the new value of a signing secret.
OVERLAP = timedelta(hours=24)
_USE_NOTED_EVERY = timedelta(minutes=1)


def create_secret(team: Team, name: str, value: str, *, by: User | None = None) -> Secret:
    if name in RESERVED:
        refuse("name", f"{name!r} is reserved: it stands for a webhook's access token. Choose another name.")
    secret = Secret(team=team, name=name, value=_checked(value), updated_by=by)
    secret.full_clean(exclude=["value"], validate_constraints=False)
    same_name = Secret.objects.filter(team=team, name=name)
    with only_one(same_name, f"The team {team.name} has a secret {name!r} already. Change its value instead."):
        secret.save()
        audit_log.record("secret.create", f"secret {name}", team=team, by=by, after={"value": audit_log.MASK})
    return secret


def change_secret(secret: Secret, value: str, *, by: User | None = None) -> None:
    """Put the new value in place of the old one, which no longer resolves from now on."""
    _put(secret, value, None, None, by)


def rotate_secret(secret: Secret, value: str, *, by: User | None = None) -> None:
    """Put the new value in place of the old one, which is kept for a day beside it: see `previous`."""
    old = reveal(secret.team_id, [secret.name]).get(secret.name)
    _put(secret, value, old, timezone.now() + OVERLAP, by)


def previous(name: str) -> str:
    """Give the name under which `reveal` gives the value before the last rotation. No secret can be called so."""
    return f"{name} before"


def forget_previous() -> None:
    """Take out the old values whose time is over. For the sweep."""
    over = Secret.objects.filter(previous_until__lte=timezone.now())
    # Looked up first: an UPDATE takes SQLite's write lock even where it changes nothing.
    if over.exists():
        over.update(previous_value=None, previous_until=None)


def delete_secret(secret: Secret, *, confirmed: bool = False) -> None:
    """Remove it. What uses it is a Conflict, unless confirmed: then it is told, in the same transaction."""
    used = users_of(secret)
    if used and not confirmed:
        about = " ".join(
            f"{str(user.plural).capitalize()} use the secret {secret.name}: {', '.join(names)}."
            for user, names in used.items()
        )
        refuse_in_use("secret", about)
    with transaction.atomic():
        for user in used:
            user.gone(secret)
        # In English, whoever deletes it: these are keys.
        listed = {user.key: user.using(secret) for user in registry}
        audit_log.record(
            "secret.delete", f"secret {secret.name}", team=secret.team, before={"value": audit_log.MASK, **listed}
        )
        secret.delete()


def reveal(team_id: int, names: Iterable[str]) -> dict[str, str]:
    """Give the values of those of the names that the team has. Raises SecretUnavailable.

    After a rotation, while both are good, also the value before, under the name that `previous` gives.
    """
    wanted = [name for name in names if name]
    if not wanted:
        return {}
    # Not `objects`: that manager leaves the value out.
    rows = Secret.objects.filter(team_id=team_id, name__in=wanted).defer(None)
    values = {row.name: str(row.value) for row in rows}
    _note_use(team_id, list(values))
    now = timezone.now()
    before = {
        previous(row.name): str(row.previous_value)
        for row in rows
        if row.previous_until is not None and row.previous_until > now
    }
    return {**values, **before}


def values_to_mask(team_ids: Iterable[int]) -> list[str]:
    """Give all values of these teams' secrets, to mask them in a text and for nothing else. Raises SecretUnavailable.

    It is no use of them, so none is noted.
    """
    rows = Secret.objects.filter(team__in=list(team_ids)).defer(None)
    kept = [value for row in rows for value in (row.value, row.previous_value) if value]
    return list(dict.fromkeys(map(str, kept)))


def names_of(team_id: int) -> list[str]:
    return list(Secret.objects.filter(team_id=team_id).order_by("name").values_list("name", flat=True))


def _put(secret: Secret, value: str, old: str | None, until: datetime | None, by: User | None) -> None:
    secret.value = _checked(value)  # type: ignore[assignment]  # the field is untyped by its makers
    secret.previous_value, secret.previous_until = old, until  # type: ignore[assignment]
    secret.updated_at = timezone.now()
    secret.updated_by = by
    with transaction.atomic():
        secret.save(update_fields=["value", "previous_value", "previous_until", "updated_at", "updated_by"])
        masked = {"value": audit_log.MASK}
        audit_log.record("secret.change", f"secret {secret.name}", team=secret.team, by=by, before=masked, after=masked)


def _checked(value: str) -> str:
    if not value:
        refuse("value", "A secret needs a value.")
    if not value.strip("*"):
        refuse("value", f"{audit_log.MASK} is what Runbell shows in place of a secret. Enter the secret itself.")
    if len(value.encode()) > LONGEST_BYTES:
        refuse("value", f"The value has {len(value.encode())} bytes; {LONGEST_BYTES} is the most.")
    return value


def _note_use(team_id: int, names: list[str]) -> None:
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    rows = Secret.objects.filter(stale, team_id=team_id, name__in=names)
    # Looked up first: an UPDATE takes SQLite's write lock even where it changes nothing.
    if rows.exists():
        rows.update(last_used_at=now)
