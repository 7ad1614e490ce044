"""Execution templates: what executions of an automation have in common is kept once, when they are over for a while.

Nothing of what is read changes: pages, REST and a redelivery ask the execution, which asks its template.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet

from automations.models import Execution, ExecutionState, ExecutionTemplate
from common.data.fields import json_text

# What variables often say again.
_COLUMNS = ("occurred_at", "subject_url", "subject_label")
# The values of these are mostly those of the executions before.
_SHARED = frozenset({"automation_name", "event_type", "event_author", "alert_status", "entity_name", "project_name"})


def move_into_templates(executions: Iterable[Execution]) -> int:
    """Move what is shared of these into their templates; give of how many. Harmless beside a redelivery."""
    moved = 0
    with transaction.atomic():
        for execution in executions:
            template, values = _template_of(execution)
            same = Execution.objects.filter(pk=execution.pk, template=None)
            moved += same.update(template=template, kept_action={}, kept_variables=values)
    return moved


def ended_without_template(after: int) -> QuerySet[Execution]:
    """Give the executions behind this id that are over and hold everything themselves, by id."""
    rows = Execution.objects.filter(pk__gt=after, template=None).exclude(state=ExecutionState.PENDING)
    return rows.order_by("pk")


def first_pending(before: int) -> int | None:
    """Give the id of the first execution that is on its way still, of those before this one."""
    rows = Execution.objects.filter(state=ExecutionState.PENDING, pk__lt=before, template=None)
    found: int | None = rows.aggregate(first=Min("pk"))["first"]
    return found


def _template_of(execution: Execution) -> tuple[ExecutionTemplate, list[Any]]:
    """Give the template, made where there is none like it, and the values that are the execution's own."""
    variables = execution.variables
    derived = _derived(execution, variables)
    apart = _SHARED | derived.keys()
    filled = [name for name, value in variables.items() if value is not None and name not in apart]
    common = {name: value if name in _SHARED else None for name, value in variables.items()}
    parts = {"action": execution.action, "variables": common, "filled": filled, "derived": derived}
    digest = hashlib.sha256(json_text(parts).encode("utf-8", "surrogatepass")).hexdigest()
    template, _is_new = ExecutionTemplate.objects.get_or_create(
        automation_id=execution.automation_id, digest=digest, defaults=parts
    )
    return template, [variables[name] for name in filled]


def _derived(execution: Execution, variables: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give the variables that end in what a column says, with what stands before it."""
    found = {}
    for name, value in variables.items():
        for column in _COLUMNS if isinstance(value, str) and name not in _SHARED else ():
            said = execution.said(column)
            # What stands before is one of few: nothing, or where Runbell is.
            if said and value in (said, settings.RUNBELL_URL + said):
                found[name] = (value.removesuffix(said), column)
    return found
