from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = """
import gc, sys
from {door} import application
frozen, pages = gc.get_freeze_count(), "automations.views" in sys.modules
import automations.views, wandb_api.graphql.views
print(pages, frozen > 0.9 * (frozen + len(gc.get_objects())))
"""


@pytest.mark.parametrize("door", ["config.wsgi", "config.checked_wsgi", "config.asgi"])
def test_a_web_process_has_every_page_before_its_first_request_and_no_garbage_is_looked_for_there(
    door: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _SCRIPT.format(door=door)]
    environment = {**os.environ, "RUNBELL_DATA_DIR": str(tmp_path)}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["True", "True"]
