"""Size limit on what REST's run list tells of each run: its config and summary as long as they are short.

A summary may have 8 MiB, and a list 500 runs: what is too long for a list is not even read from the database.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Coalesce, Length

from common.data.fields import JSONTextField
from projects.models import Run

_WHOLE = ("config", "summary", "client_summary")


def with_listed_values(rows: QuerySet[Run]) -> QuerySet[Run]:
    """Have each row's `listed_config` and `listed_summary`: None where they are too long for a list."""
    most = settings.LISTED_VALUES_LIMIT
    rows = rows.defer(*_WHOLE).alias(shown=Coalesce("client_summary", "summary", output_field=JSONTextField()))
    return rows.alias(config_length=Length("config"), summary_length=Length("shown")).annotate(
        listed_config=Case(When(config_length__lte=most, then=F("config")), output_field=JSONTextField()),
        listed_summary=Case(When(summary_length__lte=most, then=F("shown")), output_field=JSONTextField()),
    )


def listed_summary(run: Any) -> Any:
    """Give the summary, or where it is cut those metrics that were logged first."""
    return run.first_metrics or {} if run.listed_summary is None else run.listed_summary


def cut_values(run: Any) -> list[str]:
    """Give which of the two are cut."""
    return [name for name in ("config", "summary") if getattr(run, f"listed_{name}") is None]
