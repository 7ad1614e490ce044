"""manage.py sign_out: end every session of a person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.models import User
from teams.sessions.expired_sessions import end_sessions


class Command(BaseCommand):
    help = "Sign a person out everywhere: every browser is led to the sign-in. API keys go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Such as alice.")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no person {username!r}.")
        self.stdout.write(f"{username}: {end_sessions(user)} sessions are ended.")
