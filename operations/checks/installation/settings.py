"""Settings: those that are weak, unknown, or contradict each other, as the start says it too."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.checks import ERROR, run_checks
from django.utils.translation import gettext_lazy as _

from common.processes.start_checks import START
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry


@registry.register
class SettingsFit(OperatorCheck):
    """What Django's system checks of the start say of the settings."""

    key, label = "settings", _("Settings")
    needs_database = False

    def findings(self) -> Iterable[Finding]:
        found = [
            Finding(Level.PROBLEM if one.level >= ERROR else Level.WARNING, f"{one.msg} ({one.id})", one.hint or "")
            for one in run_checks(tags=[START])
            if not one.is_silenced()
        ]
        return found or [Finding(Level.OK, "None is weak, unknown, or against another.")]
