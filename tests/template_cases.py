"""The shared cases of the template language, as pytest parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def _decoded(value: dict[str, Any]) -> Any:
    match value:
        case {"$float": text}:
            return float(text)
        case {"$repeat": [text, times]}:
            return text * times
        case {"$concat": pieces}:
            return "".join(pieces)
    return value


_FILE = Path(__file__).parent / "data" / "template_cases.json"
CASES = json.loads(_FILE.read_text(), object_hook=_decoded)["cases"]


def cases(*, ok: bool) -> pytest.MarkDecorator:
    """Run a test once for each case that is to be filled, or to be refused."""
    chosen = [pytest.param(case, id=case["id"]) for case in CASES if case["expect"]["ok"] is ok]
    return pytest.mark.parametrize("case", chosen)
