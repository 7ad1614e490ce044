"""Parameters of a plug-in (condition or action): one form checks them for pages, REST and admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.data.validation_errors import quoted

# Texts are what pages send.
_YES_OR_NO = [True, False, "on", "true", "false", ""]


class Parameters(forms.Form):
    """A form whose fields are the parameters. Subclasses add fields and `clean_*`; a page shows it as it is."""

    # Fields without an answer, and other spellings of an answer, that clients may send: field -> {sent: meant}.
    spellings: Mapping[str, Mapping[str, str]] = {}
    # What JSON Schema can say of several fields at once: keywords beside those of `common.http.form_schema`.
    schema_rules: Mapping[str, Any] = {}

    @classmethod
    def checked(cls, sent: Mapping[str, Any], **context: Any) -> dict[str, Any]:
        """Give the cleaned values. Raises ValidationError by field, also for a field that is none of ours."""
        form = cls(cls._spelled(sent), **context)
        unknown = sorted(set(sent) - set(form.fields))
        if unknown:
            fields = ", ".join(form.fields)
            raise ValidationError(
                {name: f"There is no field {quoted(name)} here. Fields are: {fields}." for name in unknown}
            )
        _refuse_other_types(form, sent)
        if not form.is_valid():
            raise ValidationError({name: list(texts) for name, texts in form.errors.items()})
        return dict(form.cleaned_data)

    @classmethod
    def _spelled(cls, sent: Mapping[str, Any]) -> dict[str, Any]:
        meant = dict(sent)
        for name, spellings in cls.spellings.items():
            value = meant.get(name)
            if isinstance(value, str):
                meant[name] = spellings.get(value.strip().lower(), value.strip().lower())
        for name, field in cls.base_fields.items():
            # A field left out means its default, as on a page that shows it filled in.
            if name not in meant and field.initial is not None:
                meant[name] = field.initial
        return meant


class MetricField(forms.CharField):
    """The name of a metric, as the script logs it: spaces around it are part of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def clean(self, value: Any) -> str:
        is_blank = isinstance(value, str) and not value.strip()
        return str(super().clean("" if is_blank else value))


def _refuse_other_types(form: forms.Form, sent: Mapping[str, Any]) -> None:
    """Refuse what a form of texts would quietly turn into one: an object as a payload, true as the number 1."""
    errors = {}
    for name, value in sent.items():
        field = form.fields[name]
        is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField)
        if is_text and value is not None and not isinstance(value, str):
            errors[name] = f"{quoted(value)} is not a text; put it in quotes."
        if isinstance(field, (forms.IntegerField, forms.FloatField)) and isinstance(value, bool):
            errors[name] = f"{quoted(value)} is not a number; give one."
        if isinstance(field, forms.BooleanField) and value is not None and value not in _YES_OR_NO:
            errors[name] = f"{quoted(value)} is neither true nor false; give one of them."
    if errors:
        raise ValidationError(errors)


def choice_error(choices: list[tuple[str, Any]]) -> dict[str, str]:
    """The message of a choice that does not exist: the value, and what there is."""
    return {
        "invalid_choice": "%(value)r is no choice here. Choose one of: " + ", ".join(key for key, _ in choices) + "."
    }
