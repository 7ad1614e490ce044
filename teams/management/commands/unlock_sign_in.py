"""manage.py unlock_sign_in: let a name or an address sign in again, after too many wrong passwords."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from teams.accounts.sign_in_limits import unlock


class Command(BaseCommand):
    help = "Let a user name, or everybody at an address, sign in again after too many wrong passwords."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name_or_address", help="Such as alice, or 192.0.2.7.")

    def handle(self, *args: Any, name_or_address: str, **options: Any) -> None:
        tries = unlock(name_or_address)
        said = f"{tries} tries are forgotten." if tries else "No wrong tries are counted; nothing is locked."
        self.stdout.write(f"{name_or_address}: {said}")
