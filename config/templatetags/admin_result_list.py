"""Django's list of rows, whose cells say what they are: on a phone they stand below each other."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import result_list
from django.contrib.admin.views.main import ChangeList
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()

# A cell that holds a field. The first column is a heading of the row, and the column to choose rows is no field.
_CELL = '<td class="field-'


@register.inclusion_tag("admin/team_settings/results.html")
def stacked_results(cl: ChangeList) -> dict[str, Any]:
    shown: dict[str, Any] = {**result_list(cl)}
    words = [str(header["text"]) for header in shown["result_headers"]]
    rows = [[_labelled(cell, word) for cell, word in zip(row, words, strict=True)] for row in shown["results"]]
    return {**shown, "rows": rows}


def _labelled(cell: str, word: str) -> SafeString:
    """Write the column's word into the cell that Django has written; what is in the cell stays as it is."""
    label = f'<td data-label="{escape(capfirst(word))}" class="field-'
    return mark_safe(f"{label}{cell[len(_CELL) :]}" if cell.startswith(_CELL) else cell)
