"""Masked error pages and reports: they say where the error is, and nothing of what was sent or at hand.

Also with RUNBELL_DEBUG: there Django shows every local variable, and one of them is the secret.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

_MASK = SafeExceptionReporterFilter.cleansed_substitute
# Headers that tell who is calling.
_HIDDEN_META = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "CSRF_COOKIE", "HTTP_X_CSRFTOKEN")


class MaskingFilter(SafeExceptionReporterFilter):
    """Masks every sent value, whether DEBUG is on or off."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {} if request is None else dict.fromkeys(request.POST, _MASK)

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        meta = super().get_safe_request_meta(request)
        return {name: _MASK if name in _HIDDEN_META else value for name, value in meta.items()}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES, _MASK) if hasattr(request, "COOKIES") else {}


class MaskingReporter(ExceptionReporter):
    """Leaves out local variables: no list of names would cover all that hold a secret on its way."""

    def get_traceback_frames(self) -> list[dict[str, Any]]:
        return [{**frame, "vars": []} for frame in super().get_traceback_frames()]
