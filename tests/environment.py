"""The environment of the tests, set before Django reads its settings. Loaded by pytest as a plugin."""

from __future__ import annotations

import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="runbell-tests-")
os.environ["RUNBELL_DATA_DIR"] = _FOLDER
os.environ["RUNBELL_ALLOWED_PRIVATE_CIDRS"] = "127.0.0.0/8"


def pytest_unconfigure() -> None:
    shutil.rmtree(_FOLDER, ignore_errors=True)
