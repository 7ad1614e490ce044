"""The data folder: what lies in it is for its owner alone, and can be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.processes.private_folder import OURS, is_open
from operations.checks.operator_check import Finding, Level, OperatorCheck, registry


@registry.register
class DataFolderModes(OperatorCheck):
    """Modes and owners of the files in RUNBELL_DATA_DIR."""

    key, label = "data_folder", _("Data folder")
    needs_database = False

    def findings(self) -> Iterable[Finding]:
        return list(_findings(settings.DATA_DIR)) or [
            Finding(Level.OK, f"{settings.DATA_DIR} and what is in it are for its owner alone.")
        ]


def _findings(folder: Path) -> Iterator[Finding]:
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            Level.PROBLEM, f"{folder} cannot be written.", f"chown it to the user that runs Runbell: {folder}"
        )
    files = sorted({path for pattern in OURS for path in folder.glob(pattern) if path.exists()})
    opened = [path.name for path in files if is_open(path)]
    if opened:
        said = f"In {folder} others can read {', '.join(opened[:5])}."
        yield Finding(Level.PROBLEM, said, f"chmod -R go= {folder}")
    foreign = [path.name for path in files if path.stat().st_uid != folder.stat().st_uid]
    if foreign:
        said = f"In {folder} another user owns {', '.join(foreign[:5])}."
        yield Finding(Level.WARNING, said, f"chown them to the owner of {folder}: a command was run as somebody else.")
