"""Schedule a deletion and undo it: from the one on the thing is hidden, by the other it is back as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from common.data.database_clock import database_now
from common.data.validation_errors import quoted, refuse, refuse_duplicate
from common.plugins import UnknownKey
from operations.deletion.deletable import DeletableKind, registry
from teams.access import is_instance_admin
from teams.audit import actor, audit_log
from teams.models import Deletion, User


def kind_named(key: object) -> type[DeletableKind]:
    """Give the kind, or refuse the field `kind`."""
    try:
        return registry.get(key)
    except UnknownKey as error:
        refuse("kind", str(error))


def schedule(kind: type[DeletableKind], row: Any, *, confirmed: str, by: User | None = None) -> Deletion:
    """Hide the thing and let it be deleted after its grace. Refuses unless its whole name confirms it."""
    name = kind.name_of(row)
    if confirmed != name:
        refuse("confirm", f"{quoted(confirmed)} is not its name. Write {name} to have it deleted.")
    with transaction.atomic():
        return schedule_confirmed(kind, row, asked_at=database_now(), by=by)


def schedule_confirmed(kind: type[DeletableKind], row: Any, *, asked_at: datetime, by: User | None) -> Deletion:
    """The same of what was confirmed, in the caller's transaction."""
    name, contents = kind.name_of(row), dict(kind.contents(row))
    if kind.lock(row).deletion_id is not None:
        refuse_duplicate("name", f"The {kind.key} {name} is being deleted already.")
    due = asked_at + timedelta(days=settings.DELETION_GRACE_DAYS)
    owners = kind.owners(row)
    deletion = Deletion.objects.create(
        kind=kind.key, object_id=row.pk, name=name, asked_by=by, asked_at=asked_at, due_at=due, next_step_at=due,
        contents=contents, **owners,
    )  # fmt: skip
    kind.hide(row, deletion)
    told = {**contents, "due_at": due.isoformat(timespec="seconds")}
    audit_log.record("deletion.schedule", str(deletion), by=by, after=told, **{"team": None, **owners})
    return deletion


def schedule_for_script(key: str, row: Any, *, by: User) -> Deletion:
    """Hide what a script deletes, which types no name; what is called so may be made anew at once."""
    kind = kind_named(key)
    with transaction.atomic():
        deletion = schedule_confirmed(kind, row, asked_at=database_now(), by=by)
        kind.free_name(row, deletion)
    return deletion


def undo(deletion: Deletion, *, by: User | None = None) -> Deletion:
    """Bring it back, all of it, unless its deletion has begun."""
    _refuse_inside_hidden(deletion)
    with transaction.atomic():
        still = Deletion.objects.filter(pk=deletion.pk, undone_at=None, started_at=None)
        if not still.update(undone_at=database_now()):
            refuse_duplicate("deletion", f"The deletion of the {deletion} was undone before, or has begun.")
        kind_named(deletion.kind).show(deletion, by=by)
        record(deletion, "undo", by=by, before={"due_at": deletion.due_at.isoformat(timespec="seconds")})
    deletion.refresh_from_db()
    return deletion


def record(deletion: Deletion, what: str, **told: Any) -> None:
    """Write to the audit log of whose it is what became of the deletion."""
    audit_log.record(f"deletion.{what}", str(deletion), team=deletion.team, organization=deletion.organization, **told)


def deletions_of(user: User) -> QuerySet[Deletion]:
    """The deletions that the person may see, and undo where they have not begun; the newest first."""
    rows = Deletion.objects.select_related("team", "organization", "asked_by").order_by("-pk")
    if is_instance_admin(user):
        return rows
    mine = Q(pk__in=())
    for kind in registry:
        mine |= Q(kind=kind.key) & kind.undoable_by(user)
    return rows.filter(mine)


def waiting(rows: QuerySet[Deletion]) -> QuerySet[Deletion]:
    """Those that are not over yet: they wait for their time, or are under way."""
    return rows.filter(undone_at=None, finished_at=None)


def deletion_numbered(user: User, pk: int) -> Deletion:
    """Give the deletion; that of what others have does not exist for the person."""
    found = deletions_of(user).filter(pk=pk).first()
    if found is None:
        hidden = Deletion.objects.filter(pk=pk).select_related("team", "organization").first()
        if hidden is not None:
            actor.note_denial(hidden.team, hidden.organization)
        raise Http404(_("There is no deletion %(pk)s that you may undo.") % {"pk": pk})
    return found


def _refuse_inside_hidden(deletion: Deletion) -> None:
    for owner in (deletion.team, deletion.organization):
        if owner is not None and owner.deletion is not None and owner.deletion != deletion:
            refuse_duplicate("deletion", f"The {owner.deletion} that it is in is being deleted too: undo that first.")
