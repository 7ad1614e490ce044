"""The clock of this host beside the database's: leases go by the latter, logs and tokens by the former."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.data.database_clock import database_now
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry

_DOUBTFUL_SECONDS, _WRONG_SECONDS = 2.0, 30.0


@registry.register
class ClocksAgree(OperatorCheck):
    """How far this host's clock is from the database's."""

    key, label = "clock", _("Clocks")

    def findings(self) -> Iterable[Finding]:
        before = timezone.now()
        there = database_now()
        # The middle of asking: a slow answer is no wrong clock.
        apart = (there - before - (timezone.now() - before) / 2).total_seconds()
        said = f"The database's clock is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} this host's."
        if abs(apart) < _DOUBTFUL_SECONDS:
            return [Finding(Level.OK, "This host and the database agree on the time.")]
        level = Level.PROBLEM if abs(apart) > _WRONG_SECONDS else Level.WARNING
        return [Finding(level, said, "Set both by NTP, such as with chrony or systemd-timesyncd.")]
