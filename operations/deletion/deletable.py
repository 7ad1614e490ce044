"""Deletable kinds: what a kind says of itself, and the registry. `operations/deletion/kinds/` has one file for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import ManyToOneRel, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from automations.models import Automation
from common.plugins import Plugin, PluginRegistry
from operations.deletion.cascade import Batch
from teams.access import is_instance_admin, memberships_of
from teams.models import Deletion, Role, User


class DeletableKind(Plugin):
    """Something that people delete as a whole.

    Its `model` has `deletion`, and hides such rows (`common.hidden_rows`). `shape` says how one is named, with a slash
    between the parts.
    """

    model: ClassVar[Any]
    shape: ClassVar[str]

    @classmethod
    def find(cls, user: User | None, name: str) -> Any:
        """Give the row of this name to who may delete it; refuse others with 404 or 403. None: the operator."""
        parts = parts_of(cls, name)
        if user is not None and not is_instance_admin(user):
            return cls.own_named(user, *parts)
        found = cls.rows_named(*parts).first()
        if found is None:
            raise no_such(cls, name)
        return found

    @classmethod
    def own_named(cls, user: User, *parts: str) -> Any:
        """Give the row to the person, who is no superuser, or refuse."""
        raise NotImplementedError

    @classmethod
    def rows_named(cls, *parts: str) -> QuerySet[Any]:
        """Give the row of this name, or none, wherever it is; nothing that is hidden."""
        raise NotImplementedError

    @classmethod
    def name_of(cls, row: Any) -> str:
        """Give what people call it, and type to confirm."""
        return str(row)

    @classmethod
    def lock(cls, row: Any) -> Any:
        """Lock the row until the transaction ends, and give it; refuse it once more, where what others do decides."""
        return cls.model._base_manager.select_for_update(of=("self",)).get(pk=row.pk)

    @classmethod
    def undoable_by(cls, user: User) -> Q:
        """Say which deletions of this kind the person may see and undo."""
        raise NotImplementedError

    @classmethod
    def owners(cls, row: Any) -> dict[str, Any]:
        """Give its `team` and its `organization`, as far as it has them: whose audit log tells of it."""
        raise NotImplementedError

    @classmethod
    def contents(cls, row: Any) -> Mapping[str, int]:
        """Count what goes with it, by the keys of `operations.deletion.contents`."""
        raise NotImplementedError

    @classmethod
    def hidden_with(cls, row: Any) -> list[QuerySet[Any]]:
        """Give what else is hidden while it waits: rows in it that lists show by themselves."""
        raise NotImplementedError

    @classmethod
    def hide(cls, row: Any, deletion: Deletion) -> None:
        """Hide it with what `hidden_with` gives, in the transaction that schedules the deletion."""
        for rows in (cls.model._base_manager.filter(pk=row.pk), *cls.hidden_with(row)):
            rows.filter(deletion=None).update(deletion=deletion)

    @classmethod
    def free_name(cls, row: Any, deletion: Deletion) -> None:
        """Let something new be called as it was, where names are unique; undone, `show` takes the name back."""

    @classmethod
    def show(cls, deletion: Deletion, *, by: User | None) -> None:
        """Take back what `hide` did, whatever it hid."""
        for relation in Deletion._meta.get_fields(include_hidden=True):
            if isinstance(relation, ManyToOneRel):
                rows: Any = relation.related_model
                rows._base_manager.filter(**{relation.field.name: deletion}).update(**{relation.field.name: None})

    @classmethod
    def batches(cls, deletion: Deletion) -> Iterator[Batch]:
        """Give what there is still to delete, some rows at a time, itself last.

        It begins anew after each interruption, and goes on with what is left; where it is gone there is nothing.
        """
        raise NotImplementedError


registry: PluginRegistry[DeletableKind] = PluginRegistry("kind of thing that is deleted")


def no_such(kind: type[DeletableKind], name: str) -> Http404:
    """Give the refusal of what is not there."""
    return Http404(_("There is no %(kind)s %(name)s here.") % {"kind": kind.key, "name": repr(name)})


def parts_of(kind: type[DeletableKind], name: str) -> list[str]:
    """Give the parts of a name such as `acme/mnist`, as many as the kind's have. Raises Http404."""
    slashes = kind.shape.count("/")
    parts = name.split("/", slashes)
    if len(parts) <= slashes or not all(parts):
        raise Http404(
            _("%(name)s names no %(kind)s: write it as %(shape)s.")
            % {"name": repr(name), "kind": kind.key, "shape": kind.shape}
        )
    return parts


def changed_by(user: User) -> QuerySet[Any]:
    """Give the keys of the teams whose runs and versions the person may change."""
    return memberships_of(user).exclude(role=Role.VIEWER).order_by().values("team")


def automations_in(where: Q) -> QuerySet[Automation]:
    """Give the automations that listen there or belong there, those too that were deleted."""
    return Automation.all_rows.filter(where)
