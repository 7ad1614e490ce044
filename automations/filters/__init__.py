"""Filter documents, as the wandb SDK sends them: read, checked when saved, matched against plain facts.

No framework here: text and plain values in, answers and sentences out. The language is in `docs/filters.md`.
"""

from __future__ import annotations

from automations.filters.errors import FilterError
from automations.filters.fields import MUTATION_FIELDS, RUN_FIELDS, Field, Fields
from automations.filters.operators import OPERATORS
from automations.filters.parsing import Filter, describe, parse
from automations.filters.wire import read, wrapped_for_mutation, wrapped_for_runs

__all__ = [
    "MUTATION_FIELDS", "OPERATORS", "RUN_FIELDS", "Field", "Fields", "Filter", "FilterError", "describe", "parse",
    "read", "wrapped_for_mutation", "wrapped_for_runs",
]  # fmt: skip
