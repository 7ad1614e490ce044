"""The audit log: who changed what, from what to what, when and from where; and who was refused.

A change and its row stand in one transaction. Rows are added and read, never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models, transaction

from common.data.validation_errors import without_credentials
from teams.audit import actor, confirmed_identity
from teams.audit.outsider_names import is_stranger
from teams.models import AuditEvent, Organization, Team, User

MASK = "********"
# What stands under such a name is masked, whoever hands it in.
_HIDDEN = frozenset({"value", "password", "key", "digest", "token", "bot_token", "client_secret", "secret_value"})
_LONGEST = 2000
# Whether what is recorded now is a part of a change that one row tells of.
_is_part: ContextVar[bool] = ContextVar("told_by_one_row", default=False)


def record(
    verb: str,
    target: str,
    *,
    team: Team | None,
    by: User | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    organization: Organization | None = None,
    person: User | None = None,
) -> None:
    """Write down a change, in the transaction that makes it. Of a change that changes nothing, nothing is written.

    Where both sides are given only what differs is kept. `person` is whose own thing it is, where no team owns it, or
    which member of the team it is about.
    Who and from where: `by`, else what the door said (`teams.audit.actor`). Raises IdentityNotConfirmed where a browser
    has to confirm first (`teams.audit.confirmed_identity`): the transaction takes the change back.
    """
    _require_transaction()
    if before is not None and after is not None:
        before, after = _differences(before, after)
        if not after:
            return
    if confirmed_identity.asks(verb):
        confirmed_identity.require_confirmed()
    if not _is_part.get():
        sides: dict[str, Any] = {"before": _without_secrets(before), "after": _without_secrets(after)}
        _write(verb, target, team=team, by=by, organization=organization, person=person, **sides)


@contextmanager
def told_by_one_row() -> Iterator[None]:
    """Let what is recorded in here be told by the one row that the caller writes of the whole.

    The parts write none of their own; each asks the browser's person to confirm as it does by itself.
    """
    token = _is_part.set(True)
    try:
        yield
    finally:
        _is_part.reset(token)


def record_denial(target: str, status: int, denial: actor.Denial) -> None:
    """Write down that somebody was refused. What no team owns belongs to the person, where one is known.

    Where the owner does not know the person, it reads that somebody was refused, and superusers read who.
    """
    acting, told = actor.current().person(), {"status": status}
    owners: dict[str, Any] = {"team": denial.team, "organization": denial.organization}
    with transaction.atomic():
        if not (denial.team or denial.organization):
            _write("access.denied", target, person=acting, after=told)
        elif acting is not None and is_stranger(acting, denial):
            _write("access.denied", target, person=acting, after=told)
            with actor.acting_from(actor.Actor(actor.current().door)):
                _write("access.denied", target, **owners, after={**told, "who": "somebody from elsewhere"})
        else:
            _write("access.denied", target, **owners, after=told)


def columns(row: models.Model, *names: str) -> dict[str, Any]:
    """Give these columns of a row as the audit log tells them; other rows stand by their names."""
    return {name: _plain(getattr(row, name)) for name in names}


def _write(
    verb: str,
    target: str,
    *,
    team: Team | None = None,
    by: User | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    organization: Organization | None = None,
    person: User | None = None,
) -> None:
    here = actor.current()
    acting = by or here.person()
    AuditEvent.objects.create(
        team=team,
        organization=organization,
        person=person,
        place=str(team or organization or ""),
        user=acting,
        actor=acting.username if acting else "",
        verb=verb,
        target=_cut(target, 300),
        before=before,
        after=after,
        door=here.door,
        address=here.address,
        agent=_cut(here.agent, 300),
        key=here.key,
    )


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit row belongs into the transaction of its change: open one around both.")


def _without_secrets(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: MASK if name in _HIDDEN and value else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_secrets({str(name): inner for name, inner in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _cut(without_credentials(str(value)), _LONGEST)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Leave what differs. What the caller masked on both sides was given anew, so it counts as different."""
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name) or new.get(name) == MASK]
    return {name: old.get(name) for name in changed}, {name: new.get(name) for name in changed}


def _cut(text: str, longest: int) -> str:
    plain = text.replace("\x00", "\ufffd")
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
