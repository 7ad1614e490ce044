"""`manage.py rotate_vault_keys`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from secrets_vault import rotation
from teams import audit


class Command(BaseCommand):
    help = (
        "Encrypt every secret anew under the first of RUNBELL_FERNET_KEYS. Deliveries may go on; "
        "it may be stopped and begun again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only count; change nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        counts = []
        for field in rotation.secret_fields():
            counts.append(rotation.look(field) if check else rotation.rotate(field))
            self.stdout.write(str(counts[-1]).replace("rotated", "to rotate") if check else str(counts[-1]))
        if any(count.rotated for count in counts) and not check:
            with transaction.atomic():
                after = {count.column: str(count).partition(": ")[2] for count in counts}
                audit.record("vault.rotate", "the keys of the vault", team=None, after=after)
        unreadable = sum(count.unreadable for count in counts)
        if unreadable:
            raise CommandError(
                f"No key in RUNBELL_FERNET_KEYS opens {unreadable} of the values. "
                "Add the key they were written with, or set those secrets anew."
            )
