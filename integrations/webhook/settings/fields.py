"""Form fields for lists as people type them: headers by the line, waits with commas, names by ticking."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.data.durations import parse_seconds


class HeadersField(forms.CharField):
    """`Name: value`, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}: {text}" for name, text in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        headers: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), 1):
            name, colon, text = line.partition(":")
            if not line.strip():
                continue
            # The line is not said back: there may be a credential in it.
            if not colon:
                raise ValidationError(_("Line %s has no colon. Write each header as Name: value.") % number)
            if name.strip() in headers:
                raise ValidationError(_("Line %s gives a header for the second time. Keep one.") % number)
            headers[name.strip()] = text.strip()
        return headers


class WaitsField(forms.CharField):
    """Seconds with commas between, as RUNBELL_RETRY_SECONDS has them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        texts = [text.strip() for text in str(value or "").split(",") if text.strip()]
        try:
            return list(parse_seconds(texts)) if texts else []
        except ValueError as error:
            raise ValidationError(f"{error}.") from None


class NamesField(forms.MultipleChoiceField):
    """Some of the names that are offered; that one is unknown is the service's to say."""

    def valid_value(self, value: Any) -> bool:
        return True
