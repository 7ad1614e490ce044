"""manage.py reset_two_factor: take a person's second factors (2FA) away, when the phone is lost."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.models import User
from teams.sign_in.two_factor import factors


class Command(BaseCommand):
    help = "Take all second factors of a person away: the app, security keys and recovery codes. The password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Such as alice.")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        count = factors.reset(user)
        said = f"{count} second factors are taken away." if count else "There is no second factor."
        self.stdout.write(f"{username}: {said}")
