"""The base of conditions that are filter documents: what the wandb SDK sends, matched against facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations.conditions.condition import Condition, Evidence, Verdict
from automations.filters import parsing, wire_format
from automations.filters.errors import FilterError
from automations.filters.fields import FilterField
from automations.filters.parsing import Filter
from automations.parameters import Parameters
from common.pages.rich_text import pattern, rich_text
from events.event_types import EventContext


class DocumentField(forms.Field):
    """A filter document: as an object from REST, as JSON text from a page. What was saved reads back equal."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"})
    default_error_messages = {"required": _('Give a filter, such as {"config.lr": {"$gt": 0.01}}.')}

    def __init__(self, *, fields: Mapping[str, FilterField], **options: Any) -> None:
        super().__init__(**options)
        self.known = fields

    def to_python(self, value: Any) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            document = wire_format.read(value)
            parsing.parse(document, fields=self.known)
        except FilterError as error:
            raise ValidationError(str(error)) from None
        return document

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, (dict, list)) else value


class FilterCondition(Condition):
    """Holds where the filter matches the facts. Subclasses say which fields there are."""

    advanced = True
    fields: ClassVar[Mapping[str, FilterField]]
    Form: ClassVar[type[Parameters]]

    def describe(self) -> str:
        return rich_text("where ", pattern(parsing.describe(self._filter)))

    def clause(self) -> dict[str, Any]:
        return dict(self.params["document"])

    def judge(self, context: EventContext, evidence: Evidence) -> Verdict:
        holds = self._filter.matches(context.subject.facts)
        said = parsing.describe(self._filter)
        return Verdict(holds, f"the filter {'holds' if holds else 'does not hold'}: {said}")

    @cached_property
    def _filter(self) -> Filter:
        return parsing.parse(self.params["document"], fields=self.fields)
