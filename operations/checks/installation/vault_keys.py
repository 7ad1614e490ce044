"""The vault's keys: whether they open every secret there is."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from operations import recurring_jobs
from operations.checks.operator_check import Alarms, Finding, Level, OperatorCheck, registry
from secrets_vault import rotation

# It opens every secret there is.
_EACH_SECONDS = 3600


@registry.register
class VaultKeysOpen(OperatorCheck):
    """Whether each stored secret is opened by one of RUNBELL_FERNET_KEYS."""

    key, label = "vault_keys", _("Keys")

    def findings(self) -> Iterable[Finding]:
        found = [Finding(Level.PROBLEM, *_divided(problem)) for problem in rotation.problems()]
        return found or [Finding(Level.OK, "RUNBELL_FERNET_KEYS opens every secret.")]

    def alarms(self) -> Alarms:
        if not recurring_jobs.claim("alarm_keys", every_seconds=_EACH_SECONDS):
            return {}
        return {"vault_keys": " ".join(rotation.problems())}


def _divided(problem: str) -> tuple[str, str]:
    """Give what is wrong and what to do, which is the last sentence."""
    said, mark, remedy = problem.rpartition(". Add ")
    return f"{said}.", f"Add {remedy}" if mark else ""
