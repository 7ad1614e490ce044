"""Runs that a filter document matches: config, tags, group, summary and more."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import registry
from automations.conditions.filter_document import DocumentField, FilterCondition
from automations.filters.fields import RUN_FIELDS
from automations.parameters import Parameters


class RunFilterForm(Parameters):
    document = DocumentField(
        label=_("Run filter"),
        fields=RUN_FIELDS,
        help_text=_('On any field of the run: {"config.lr": {"$gt": 0.01}, "tags": "nightly"}.'),
    )


@registry.register
class RunFilter(FilterCondition):
    """The run matches a filter document, as the wandb SDK writes it."""

    key = "run_filter"
    label = _("Filter on any run field")
    about = ("run",)
    Form = RunFilterForm
    example = {"document": {"config.lr": {"$gt": 0.01}}}
    fields = RUN_FIELDS
