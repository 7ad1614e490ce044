"""Filter documents as conditions: what the wandb SDK sends, on the fields of what the event is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations import filters
from automations.condition import Condition, Evidence, Verdict
from automations.parameters import Parameters
from common.phrase import pattern, phrase
from events.types import Happening


class DocumentField(forms.Field):
    """A filter document: as an object from REST, as JSON text from a page. What was saved reads back equal."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"})
    default_error_messages = {"required": _('Give a filter, such as {"config.lr": {"$gt": 0.01}}.')}

    def __init__(self, *, fields: Mapping[str, filters.Field], **options: Any) -> None:
        super().__init__(**options)
        self.known = fields

    def to_python(self, value: Any) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            document = filters.read(value)
            filters.parse(document, fields=self.known)
        except filters.FilterError as error:
            raise ValidationError(str(error)) from None
        return document

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, (dict, list)) else value


class FilterCondition(Condition):
    """Holds where the filter matches the facts. Subclasses say which fields there are."""

    advanced = True
    fields: ClassVar[Mapping[str, filters.Field]]
    Form: ClassVar[type[Parameters]]

    def describe(self) -> str:
        return phrase("where ", pattern(filters.describe(self._filter)))

    def clause(self) -> dict[str, Any]:
        return dict(self.params["document"])

    def judge(self, happening: Happening, evidence: Evidence) -> Verdict:
        holds = self._filter.matches(happening.subject.facts)
        said = filters.describe(self._filter)
        return Verdict(holds, f"the filter {'holds' if holds else 'does not hold'}: {said}")

    @cached_property
    def _filter(self) -> filters.Filter:
        return filters.parse(self.params["document"], fields=self.fields)
