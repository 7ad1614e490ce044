"""manage.py break_glass: say which superusers sign in with a password where passwords are switched off."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.models import User
from teams.sign_in.break_glass import mark_break_glass, unmark_break_glass


class Command(BaseCommand):
    help = "Let a superuser sign in with a password while RUNBELL_LOCAL_PASSWORDS is false; without a name, list them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", help="Such as alice.")
        parser.add_argument("--off", action="store_true", help="No longer.")

    def handle(self, *args: Any, username: str | None, off: bool, **options: Any) -> None:
        if username is None:
            marked = User.objects.filter(is_break_glass=True, is_superuser=True, is_active=True)
            self.stdout.write("\n".join(marked.order_by("username").values_list("username", flat=True)) or "Nobody.")
            return
        try:
            (unmark_break_glass if off else mark_break_glass)(username)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{username} is {'no longer ' if off else ''}a break-glass admin.")
