"""Deletion of a person: switched off at once, then every way in ends and their traces are anonymised.

What they made stays, as made by `deleted-user-7`: runs, versions, automations belong to their teams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, count
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.data.validation_errors import refuse
from events.models import Event
from operations.deletion.cascade import Batch
from operations.deletion.deletable import DeletableKind, no_such, registry
from projects.models import Run
from registries.models import RegistryMember
from registries.services import remove_member
from teams.access import require_instance_admin
from teams.audit import audit_log
from teams.memberships import take_out
from teams.models import (
    AdminByGroup,
    ApiKey,
    AuditEvent,
    Deletion,
    Invitation,
    Membership,
    Organization,
    User,
    UserSession,
)
from teams.sessions.expired_sessions import delete_sessions
from teams.sign_in.end_all_ways_in import end_all_ways_in

_AT_ONCE = 200
# What of the deletion says that the person has their new name, and that all is done.
_RENAMED, _DONE = "renamed", "user"
# What a name may hold: alice is not named in malice or alice.b.
_OF_NAMES = r"[\w.@+-]"


@registry.register
class DeletablePerson(DeletableKind):
    """By a superuser. Their name is free again afterwards."""

    key = "person"
    label = _("Person")
    model = User
    shape = "USERNAME"

    @classmethod
    def find(cls, user: User | None, name: str) -> User:
        if user is not None:
            require_instance_admin(user)
        found = User.objects.filter(username=name).first()
        if found is None:
            raise no_such(cls, name)
        _refuse_last_superuser(found)
        return found

    @classmethod
    def lock(cls, row: User) -> User:
        """With all superusers, in one order: two who delete each other at once are not both the one of two."""
        rows = User.objects.filter(Q(is_superuser=True) | Q(pk=row.pk)).order_by("pk").select_for_update(of=("self",))
        locked = {user.pk: user for user in rows}[row.pk]
        _refuse_last_superuser(locked)
        return locked

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        # Superusers see all.
        return Q(pk__in=())

    @classmethod
    def owners(cls, row: User) -> dict[str, Any]:
        return {}

    @classmethod
    def contents(cls, row: User) -> dict[str, int]:
        return {
            "members": Membership.objects.filter(user=row).count(),
            "api_keys": ApiKey.objects.filter(user=row).count(),
            "sessions": UserSession.objects.filter(user=row).count(),
            "own_runs": Run.objects.filter(user=row).count(),
            "audit_rows": AuditEvent.objects.filter(user=row).count(),
            # What undoing is to bring back.
            "active": int(row.is_active),
        }

    @classmethod
    def hidden_with(cls, row: User) -> list[QuerySet[Any]]:
        return []

    @classmethod
    def hide(cls, row: User, deletion: Deletion) -> None:
        super().hide(row, deletion)
        User.objects.filter(pk=row.pk).update(is_active=False)
        delete_sessions(row)

    @classmethod
    def show(cls, deletion: Deletion, *, by: User | None) -> None:
        super().show(deletion, by=by)
        if deletion.contents.get("active"):
            User.objects.filter(pk=deletion.object_id).update(is_active=True)

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[Batch]:
        user = User.objects.filter(pk=deletion.object_id).first()
        if user is None or deletion.deleted.get(_DONE):
            return
        if not deletion.contents.get(_RENAMED):
            yield Batch("", partial(_done, _rename, deletion, user))
        yield Batch("", partial(_done, end_all_ways_in, user))
        for membership in Membership.objects.filter(user=user).select_related("team__organization", "user"):
            yield Batch("membership", partial(_done, take_out, membership))
        for member in RegistryMember.objects.filter(user=user).select_related("registry__organization", "user"):
            yield Batch("registrymember", partial(_done, remove_member, member))
        for organization in Organization.all_rows.filter(admins=user):
            yield Batch("admin", partial(_done, _take_back, organization, user))
        yield from _audit_rows(deletion, user)
        yield from _events(deletion.name, user.username)
        yield Batch(_DONE, partial(_anonymise, deletion, user))


def _refuse_last_superuser(user: User) -> None:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        refuse("name", f"{user} is the last superuser of this Runbell. Make somebody else one first.")


def _rename(deletion: Deletion, user: User) -> None:
    """Give the person the new name, so that it is theirs from here on; `deletion` keeps the old one until the end."""
    deletion.name, deletion.contents = user.username, {**deletion.contents, _RENAMED: 1}
    Deletion.objects.filter(pk=deletion.pk).update(name=deletion.name, contents=deletion.contents)
    user.username = _free_name(user)
    User.objects.filter(pk=user.pk).update(username=user.username)


def _free_name(user: User) -> str:
    """Give a name that nobody has: people choose theirs, and somebody may have chosen this one, the person too."""
    named = f"deleted-user-{user.pk}"
    rows = User.objects.filter(username__istartswith=named).values_list("username", flat=True)
    taken, others = {name.lower() for name in rows}, (f"{named}-{number}" for number in count(2))
    return next(name for name in chain([named], others) if name not in taken)


def _audit_rows(deletion: Deletion, user: User) -> Iterator[Batch]:
    """Give all rows of the audit log that came before now, those that name nobody are read past."""
    # Not `objects`: the log is only added to, but for this.
    rows: Any = AuditEvent._base_manager
    while found := list(rows.filter(pk__gt=deletion.rows_seen).order_by("pk")[:_AT_ONCE]):
        yield Batch("auditevent", partial(_rewrite, deletion, found, user))


def _events(old: str, new: str) -> Iterator[Batch]:
    # Looked up once: no index has the actor.
    found = list(Event.objects.filter(actor=old).values_list("pk", flat=True))
    for start in range(0, len(found), _AT_ONCE):
        some = Event.objects.filter(pk__in=found[start : start + _AT_ONCE])
        yield Batch("event", partial(some.update, actor=new))


def _rewrite(deletion: Deletion, found: list[AuditEvent], user: User) -> int:
    rows: Any = AuditEvent._base_manager
    said, changed_rows = _without(deletion.name, user), 0
    for row in found:
        values: dict[str, Any] = {"target": said(row.target)}
        values |= {side: json.loads(said(json.dumps(getattr(row, side)))) for side in ("before", "after")}
        if row.user_id == user.pk or row.actor == deletion.name:
            values |= {"actor": user.username, "address": None, "agent": "", "key": ""}
        changed = {name: value for name, value in values.items() if value != getattr(row, name)}
        changed_rows += rows.filter(pk=row.pk).update(**changed) if changed else 0
    deletion.rows_seen = found[-1].pk
    return changed_rows


def _without(old: str, user: User) -> Callable[[str], str]:
    """Give what puts the new name in the place of the person's names in a text."""
    new, names = user.username, {old, user.email, user.confirmed_email, user.get_full_name()} - {""}
    either = "|".join(re.escape(json.dumps(name)[1:-1]) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(f"(?<!{_OF_NAMES})(?:{either})(?!{_OF_NAMES})")
    return lambda text: pattern.sub(lambda _found: new, text)


def _anonymise(deletion: Deletion, user: User) -> int:
    EmailAddress.objects.filter(user=user).delete()
    AdminByGroup.objects.filter(user=user).delete()
    for address in {user.email, user.confirmed_email} - {""}:
        Invitation.objects.filter(email__iexact=address).update(email="")
    User.objects.filter(pk=user.pk).update(
        email="", confirmed_email="", first_name="", last_name="", time_zone="", default_team=None,
        is_active=False, is_staff=False, is_superuser=False, last_login=None,
    )  # fmt: skip
    user.groups.clear()
    user.user_permissions.clear()
    Deletion.objects.filter(pk=deletion.pk).update(name=user.username)
    return 1


def _take_back(organization: Organization, user: User) -> None:
    before = {"admin": user.username}
    audit_log.record(
        "organization.change", f"organization {organization}", team=None, organization=organization, before=before
    )
    organization.admins.remove(user)


def _done(what: Callable[..., object], *given: Any) -> int:
    what(*given)
    return 1
