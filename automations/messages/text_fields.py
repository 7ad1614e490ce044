"""Text fields with variables: `The run ${run_name} failed`. The same language as payloads, outside JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from automations.messages import templating, variables
from automations.messages.templating import TemplateError


class TextLineField(forms.CharField):
    """One line of a message, with variables."""

    def __init__(self, **options: Any) -> None:
        shown = forms.TextInput(attrs={"data-variables": ""})
        super().__init__(**{"required": False, "max_length": 1000, "widget": shown, **options})

    def clean(self, value: Any) -> str:
        return usable(str(super().clean(value)))


class TextBlockField(forms.CharField):
    """What a person says in a message, with variables: it stands above what every message says."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Text"),
            required=False,
            max_length=40_000,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 4, "data-variables": ""}),
            help_text=_("Stands above what happened and why, which every message says."),
        )

    def clean(self, value: Any) -> str:
        return usable(str(super().clean(value)))


def usable(text: str) -> str:
    """Give the text back, for a form; ValidationError for what could not be filled. Texts for people hold no secret."""
    try:
        _parsed(text).check(known=variables.known(), secrets=())
    except TemplateError as error:
        raise ValidationError(str(error)) from None
    return text


def filled(text: str, values: Mapping[str, object]) -> str:
    """Give the text with its variables filled; one that does not apply is blank."""
    rendered = _parsed(text).render(variables=values, secrets={})
    said: str = json.loads(rendered.body)
    return said


def _parsed(text: str) -> templating.PayloadTemplate:
    # As one JSON string, in which a value is always text.
    return templating.parse(json.dumps(text, ensure_ascii=False))
