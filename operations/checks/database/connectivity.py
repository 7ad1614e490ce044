"""The database: whether it answers, how fast, and whether its version is one that is kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _

from operations.checks.operator_check import Finding, Level, OperatorCheck, Probe, registry

AWAY = "The database does not answer."
_SLOW_SECONDS = 0.5
_REMEDY = "Start it, or mend DATABASE_URL; /readyz and web wait for it, and nothing that scripts keep is lost."


@registry.register
class DatabaseAnswers(OperatorCheck):
    """Whether the database can be asked."""

    key, label = "database", _("Database")
    needs_database = False

    def findings(self) -> Iterable[Finding]:
        begun_at = time.monotonic()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            seconds = time.monotonic() - begun_at
            version = ".".join(map(str, connection.get_database_version()))
            wanted = connection.features.minimum_database_version
        except DatabaseError as error:
            return [Finding(Level.PROBLEM, f"{AWAY} {_said(error)}", _REMEDY)]
        said = f"{connection.display_name} {version} answers in {1000 * seconds:.0f} ms."
        if wanted and connection.get_database_version() < wanted:
            needed = ".".join(map(str, wanted))
            return [Finding(Level.PROBLEM, said, f"Upgrade it to {needed} or newer.")]
        if seconds > _SLOW_SECONDS:
            return [Finding(Level.WARNING, said, "Look at its load and at the network between.")]
        return [Finding(Level.OK, said)]

    def probes(self) -> Iterable[Probe]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return [Probe("database", AWAY)]
        return [Probe("database")]


def _said(error: Any) -> str:
    """Give the driver's words in one line; they name host and user, and never the password."""
    return " ".join(str(error).split())[:300]
