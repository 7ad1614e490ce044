"""`manage.py delete KIND NAME`: delete a whole thing with all that is in it, or undo that."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.http import Http404

from operations.deletion.contents import in_words
from operations.deletion.deletable import DeletableKind, registry
from operations.deletion.scheduling import schedule, undo, waiting
from teams.models import Deletion


class Command(BaseCommand):
    help = "Delete a thing with all that is in it, after a grace in which --undo brings it back. Without names: list."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", choices=[key for key, _label in registry.choices()])
        parser.add_argument("name", nargs="?", default="", help="Such as acme/mnist.")
        parser.add_argument("--confirm", metavar="NAME", help="The name once more, where nobody is there to type it.")
        parser.add_argument("--undo", action="store_true", help="Bring it back, as long as its deletion has not begun.")

    def handle(self, *args: Any, kind: str | None, name: str, **options: Any) -> None:
        if not kind:
            self._list()
            return
        found = registry.get(kind)
        if not name:
            raise CommandError(f"Which {kind}? Name it as {found.shape}.")
        try:
            self._undo(found, name) if options["undo"] else self._delete(found, name, options["confirm"])
        except Http404 as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None

    def _delete(self, kind: type[DeletableKind], name: str, confirmed: str | None) -> None:
        row = kind.find(None, name)
        known_as = kind.name_of(row)
        self.stdout.write(f"{kind.key} {known_as}, with:")
        for part in in_words(kind.contents(row)):
            self.stdout.write(f"  {part.amount:>12}  {part.label}")
        typed = input(f"Type {known_as} to delete it: ") if confirmed is None else confirmed
        deletion = schedule(kind, row, confirmed=typed)
        self.stdout.write(
            f"It is hidden, and will be deleted from {deletion.due_at:%Y-%m-%d %H:%M} UTC on. "
            f"Until then: delete {kind.key} {known_as} --undo"
        )

    def _undo(self, kind: type[DeletableKind], name: str) -> None:
        deletion = waiting(Deletion.objects.filter(kind=kind.key, name=name)).first()
        if deletion is None:
            raise CommandError(f"No {kind.key} {name!r} is being deleted.")
        undo(deletion)
        self.stdout.write(f"The {deletion} is back.")

    def _list(self) -> None:
        found = waiting(Deletion.objects.order_by("due_at", "pk"))
        for one in found:
            self.stdout.write(f"{one.due_at:%Y-%m-%d %H:%M} UTC  {one}{'  (has begun)' if one.started_at else ''}")
        if not found:
            self.stdout.write("Nothing is being deleted.")
