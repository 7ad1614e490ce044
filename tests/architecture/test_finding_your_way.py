"""The map of docs/finding-your-way.md is true: each file that answers a question is there."""

from __future__ import annotations

import re

from tests.architecture.source_tree import ROOT

ROWS = re.findall(r"^\| (.+?) \| `([^`]+)`", (ROOT / "docs/finding-your-way.md").read_text(), re.MULTILINE)


def test_each_question_leads_to_a_file_that_is_there() -> None:
    assert len(ROWS) == 40
    assert [(question, path) for question, path in ROWS if not (ROOT / path).is_file()] == []
