"""The disk of the data folder: how much of it is free."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.checks.operator_check import Alarms, Finding, OperatorCheck, registry


@registry.register
class DiskSpace(OperatorCheck):
    """How full the disk of the data folder is."""

    key, label = "disk", gettext_lazy("Disk")
    needs_database = False
    remedy = "Make room, or keep less: the RUNBELL_RETENTION_…_DAYS, `runbell free-files`; files can stand in S3."

    def findings(self) -> Iterable[Finding]:
        usage = shutil.disk_usage(settings.DATA_DIR)
        self.well = f"{100 * usage.free / usage.total:.0f} % ({usage.free / 2**30:.1f} GiB) are free."
        return super().findings()

    def alarms(self) -> Alarms:
        usage = shutil.disk_usage(settings.DATA_DIR)
        percent = 100 * usage.free / usage.total
        said = {"percent": percent, "host": platform.node(), "gigabytes": usage.free / 2**30}
        text = _(
            "The disk of the data folder on %(host)s is nearly full: %(percent).1f %% (%(gigabytes).1f GiB) are free."
        )
        # Each host has its own: another one must not settle it.
        return {f"disk:{platform.node()[:64]}": text % said if percent < settings.ALARM_DISK_PERCENT else ""}
