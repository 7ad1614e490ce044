"""What tests of automations through the SDK's operations share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "data"
# By name: 37 automations as wandb 0.31.0 serialises them.
INPUTS: dict[str, dict[str, Any]] = json.loads((_DATA / "automation_inputs.json").read_text())
# By name, the longest where the SDK has several: the one that asks for everything.
DOCUMENTS: dict[str, str] = {}
for _line in (_DATA / "wandb_operations.jsonl").read_text().splitlines():
    _one = json.loads(_line)
    DOCUMENTS[_one["name"]] = max(DOCUMENTS.get(_one["name"], ""), _one["query"], key=len)
