"""Migrations: whether the database is as this version needs it, no older and no newer."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _

from operations import migrating
from operations.checks.operator_check import Finding, Level, OperatorCheck, Probe, registry

# Processes whose code is older or newer are other processes: what was migrated once stays so for this one.
_migrated: set[bool] = set()


@registry.register
class MigrationsApplied(OperatorCheck):
    """Whether every migration of this version is applied, and none of a later one."""

    key, label = "migrations", _("Migrations")
    part = "web"

    def findings(self) -> Iterable[Finding]:
        missing, unknown = migrating.missing(), _unknown()
        if missing:
            return [Finding(Level.PROBLEM, f"{missing} migrations are not applied.", "Run `runbell migrate`.")]
        if unknown:
            said = f"The database was migrated by a later version: {', '.join(unknown[:3])} is not known here."
            return [Finding(Level.PROBLEM, said, "Start that version, or restore the backup from before it.")]
        return [Finding(Level.OK, f"The database is as version {settings.VERSION} needs it.")]

    def probes(self) -> Iterable[Probe]:
        if not _migrated:
            missing = migrating.missing()
            if missing:
                return [Probe("migrations", f"{missing} migrations are not applied. Run `runbell migrate`.")]
            _migrated.add(True)
        return [Probe("migrations")]


def _unknown() -> list[str]:
    """Give the applied migrations of our apps that this code does not have."""
    loader = MigrationLoader(connection)
    ours = loader.migrated_apps
    replaced = {key for one in loader.replacements.values() for key in one.replaces}
    known = {*loader.disk_migrations, *replaced}
    return sorted(
        f"{app}.{name}" for app, name in loader.applied_migrations if app in ours and (app, name) not in known
    )
