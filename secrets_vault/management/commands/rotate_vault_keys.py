"""`manage.py rotate_vault_keys`: key rotation of every encrypted column."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from secrets_vault import rotation
from teams.audit import audit_log


class Command(BaseCommand):
    help = (
        "Encrypt every secret anew under the first of RUNBELL_FERNET_KEYS. Deliveries may go on; "
        "it may be stopped and begun again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only count; change nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        counts = []
        for count in self._each(check):
            counts.append(count)
            self.stdout.write(str(count).replace("rotated", "to rotate") if check else str(count))
        if any(count.rotated for count in counts) and not check:
            with transaction.atomic():
                after = {count.column: str(count).partition(": ")[2] for count in counts}
                audit_log.record("vault.rotate", "the keys of the vault", team=None, after=after)
        unreadable = sum(count.unreadable for count in counts)
        if unreadable:
            raise CommandError(
                f"No key in RUNBELL_FERNET_KEYS opens {unreadable} of the values. "
                "Add the key they were written with, or set those secrets anew."
            )

    def _each(self, check: bool) -> Iterator[rotation.Count]:
        for field in rotation.secret_fields():
            yield rotation.count_values(field) if check else rotation.rotate(field)
        yield rotation.count_second_factors() if check else rotation.rotate_second_factors()
