"""Versions and collections whose alias or tag a filter document matches."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import registry
from automations.conditions.filter_document import DocumentField, FilterCondition
from automations.filters.fields import MUTATION_FIELDS
from automations.parameters import Parameters


class ArtifactFilterForm(Parameters):
    document = DocumentField(
        label=_("Filter"),
        fields=MUTATION_FIELDS,
        help_text=_('On alias and tag: {"alias": {"$in": ["production", "staging"]}}.'),
    )


@registry.register
class ArtifactFilter(FilterCondition):
    """The alias or tag matches a filter document, as the wandb SDK writes it."""

    key = "artifact_filter"
    label = _("Filter on alias and tag")
    about = ("artifact", "collection")
    Form = ArtifactFilterForm
    example = {"document": {"alias": {"$eq": "production"}}}
    fields = MUTATION_FIELDS
