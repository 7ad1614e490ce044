"""Regular expressions of people: RE2, so that no pattern takes more than linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """Give the compiled pattern. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def matches_anywhere(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; case counts."""
    return compiled(pattern).search(text) is not None


class PatternField(forms.CharField):
    """A regular expression that compiles."""

    default_error_messages = {"required": _("Give a regular expression, such as ^prod-.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 500, "strip": False, **options})

    def clean(self, value: Any) -> str:
        pattern = str(super().clean(value))
        try:
            compiled(pattern)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise ValidationError(
                f"{pattern!r} is no regular expression (RE2): {reason}. "
                "Look-arounds and back-references do not exist there."
            ) from None
        return pattern
