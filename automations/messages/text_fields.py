"""Text fields with variables: `The run ${run_name} failed`. The same language as payloads, outside JSON."""

from __future__ import annotations

import json
import re
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


class LiteralLineField(TextLineField):
    """One line of a message, in which what is no variable of ours stands as it was written."""

    def clean(self, value: Any) -> str:
        return usable_literally(str(forms.CharField.clean(self, value)))


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


class LiteralBlockField(TextBlockField):
    """What a person says in a message, in which what is no variable of ours stands as it was written."""

    def clean(self, value: Any) -> str:
        return usable_literally(str(forms.CharField.clean(self, value)))


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


def usable_literally(text: str) -> str:
    """Give the text back as `usable` does; what is no variable is no error in it."""
    usable(_escaped(text))
    return text


def filled_literally(text: str, values: Mapping[str, object]) -> str:
    """Give the text with its variables filled, and everything else as it was written."""
    return filled(_escaped(text), values)


def literal_placeholders(text: str) -> list[str]:
    """Give what looks like a variable in the text and is none of ours, in order, without repeats."""
    found = (token[0] for token in _PLACEHOLDER.finditer(text) if not _is_ours(token))
    return list(dict.fromkeys(found))


# As templating reads it, and whatever else stands in braces; `$${` is a plain `${` already.
_PLACEHOLDER = re.compile(r"(?P<literal>\$\$\{)|(?<!\$)\$\{(?:(?P<name>[^{}]*)\})?")
_METADATA_KEY = re.compile(r'[^{}"\\\x00-\x1f]+')


def _is_ours(token: re.Match[str]) -> bool:
    name = token["name"] or ""
    metadata = name.startswith(templating.METADATA) and _METADATA_KEY.fullmatch(name, len(templating.METADATA))
    return bool(token["literal"] or metadata or name in variables.known())


def _escaped(text: str) -> str:
    return _PLACEHOLDER.sub(lambda token: token[0] if _is_ours(token) else f"${token[0]}", text)


def _parsed(text: str) -> templating.PayloadTemplate:
    # As one JSON string, in which a value is always text.
    return templating.parse(json.dumps(text, ensure_ascii=False))
