"""Preview of a logged table (`wandb.Table`): its first rows and columns, each cell as bounded text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from common.data.numbers import readable
from projects.file_storage.services import read_file
from projects.models import StoredFile

# A larger one is for downloading.
_MOST_BYTES = 4 * 2**20
_MOST_ROWS, _MOST_COLUMNS, _LONGEST_CELL = 50, 20, 200


@dataclass(frozen=True)
class TablePreview:
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    row_count: int
    column_count: int


def table_preview(stored: StoredFile) -> TablePreview | None:
    """Give the beginning of the table; None where the file is too large, or none of W&B's."""
    if stored.size > _MOST_BYTES:
        return None
    try:
        said = json.loads(read_file(stored))
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    columns, data = said.get("columns"), said.get("data")
    if not isinstance(columns, list) or not isinstance(data, list):
        return None
    rows = [[_cell(one) for one in row[:_MOST_COLUMNS]] for row in data[:_MOST_ROWS] if isinstance(row, list)]
    return TablePreview([_cell(one) for one in columns[:_MOST_COLUMNS]], rows, len(data), len(columns))


def _cell(value: object) -> str:
    if isinstance(value, dict) and "_type" in value:
        return f"({value['_type']})"[:_LONGEST_CELL]
    if isinstance(value, float):
        return readable(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
