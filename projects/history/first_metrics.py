"""The metrics of a run that lists show: those it logged first, kept apart from its summary, which may be large."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from common.data.fields import JSONTextField
from projects.history.row_values import number
from projects.models import Run

# Nearly every run has fewer. A list that read each summary would take seconds where a few runs have 100,000 metrics.
MOST_LISTED = 200


def first_metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    """Give the numbers of the summary that lists show, in the order in which they were first logged."""
    numbers = ((name, found) for name, value in summary.items() if (found := number(value)) is not None)
    return dict(islice((pair for pair in numbers if not pair[0].startswith("_")), MOST_LISTED))


def with_listed_metrics(rows: QuerySet[Run]) -> QuerySet[Any]:
    """Have each row's `listed_metrics`; those of its summary where the run is from before they were kept apart."""
    return rows.annotate(listed_metrics=Coalesce("first_metrics", "summary", output_field=JSONTextField()))
