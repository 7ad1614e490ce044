"""Names of what scripts delete: free at once for something new, and taken back when the deletion is undone."""

from __future__ import annotations

from typing import Any

from common.data.validation_errors import refuse_duplicate
from teams.models import Deletion

# No run and no collection has a slash in its name.
_MARK = "/"
_LONGEST = 128
_OWNERS = ("project", "registry")


def free_name(row: Any, deletion: Deletion) -> None:
    """Call the hidden row otherwise: by the number of its deletion, which nothing else has."""
    type(row).all_rows.filter(pk=row.pk).update(name=f"{deletion.pk}{_MARK}{row.name}"[:_LONGEST])


def take_name_back(row: Any, deletion: Deletion) -> None:
    """Call it as it was called, where that is another name. A Conflict where something else is called so by now."""
    if not row.name.startswith(f"{deletion.pk}{_MARK}"):
        return
    name = deletion.name.split("/", 2)[2]
    where = {f"{owner}_id": getattr(row, f"{owner}_id") for owner in _OWNERS if hasattr(row, f"{owner}_id")}
    rows = type(row).all_rows.filter(**where)
    if rows.filter(name=name).exists():
        refuse_duplicate(
            "deletion",
            f"There is another {deletion.kind} {deletion.name} by now. Delete that by a script, then undo this.",
        )
    rows.filter(pk=row.pk).update(name=name)
