"""REST error responses: the exception handler of Django REST framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DataError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common.data.strict_json import strict
from common.data.validation_errors import Conflict, TooMuch, without_credentials
from common.http.serializers import UNKNOWN_FIELD

# What is never said back, wherever it stands in a request.
_HIDDEN = {
    "value", "password", "key", "secret", "access_token", "token", "webhook_url", "headers", "granted_secrets",
}  # fmt: skip
_LONGEST = 200
_NOT_HELD = "The database cannot hold a value: a text with a NUL character, or too large a number. Leave that out."
# Where the fault lies when it is in no field of ours.
_PLACES: dict[type[Exception], str] = {
    exceptions.ParseError: "body",
    exceptions.UnsupportedMediaType: "Content-Type",
    exceptions.NotAuthenticated: "Authorization",
    exceptions.AuthenticationFailed: "Authorization",
    exceptions.NotFound: "address",
    exceptions.MethodNotAllowed: "method",
}
# What to do, where the framework's own message does not say it.
_REMEDIES: dict[type[Exception], str] = {
    exceptions.UnsupportedMediaType: "Send JSON with the header 'Content-Type: application/json'.",
    exceptions.NotAuthenticated: "Send an API key as 'Authorization: Bearer KEY'.",
    exceptions.MethodNotAllowed: "This address takes: {methods}.",
}


def api_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal has `detail`, and a list of `errors` by field, value and message."""
    refusal = _refusal(error)
    response = exception_handler(refusal, dict(context))
    if response is None or not isinstance(refusal, exceptions.APIException):
        return response
    if isinstance(refusal.detail, str):
        errors = [_of_request(refusal, context)]
        detail = errors[0]["message"]
    else:
        errors = list(_of_fields(refusal.detail, context))
        detail = " ".join(f"{one['field']}: {one['message']}" for one in errors)
    response.data = {"detail": detail, "errors": errors}
    return response


def _refusal(error: Exception) -> Exception:
    """Give Django's refusals as DRF's."""
    if isinstance(error, Http404):
        return exceptions.NotFound(*error.args)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(*error.args)
    if isinstance(error, DataError):
        return exceptions.ValidationError({"request": [_NOT_HELD]})
    if not isinstance(error, ValidationError):
        return error
    refusal = exceptions.ValidationError(_by_field(error))
    refusal.status_code = 409 if isinstance(error, Conflict) else 413 if isinstance(error, TooMuch) else 400
    return refusal


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {"request" if field == NON_FIELD_ERRORS else field: texts for field, texts in error.message_dict.items()}
    return {"request": error.messages}


def _of_request(refusal: exceptions.APIException, context: Mapping[str, Any]) -> dict[str, Any]:
    request: Request = context["request"]
    place = _PLACES.get(type(refusal), "request")
    remedy = _REMEDIES.get(type(refusal), "").format(methods=", ".join(context["view"].allowed_methods))
    message = f"{refusal.detail} {remedy}".rstrip()
    values = {"address": request.path, "method": request.method, "Content-Type": request.content_type}
    return {"field": place, "value": values.get(place), "message": message}


def _of_fields(detail: Any, context: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    sent = _sent(context)
    for field, message in _flat(detail):
        value = None if message.code == UNKNOWN_FIELD else _sent_value(sent, field)
        yield {"field": field, "value": value, "message": str(message)}


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, exceptions.ErrorDetail]]:
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flat(inner, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{index}" if isinstance(inner, Mapping) else path)
    else:
        yield path or "request", detail


def _sent(context: Mapping[str, Any]) -> Any:
    """Give what the fields of this request are: its body, or for a read its address and query.

    A call may refuse before it has read its body, which nobody can read then: this raises nothing.
    """
    request: Request = context["request"]
    if request.method in ("POST", "PUT", "PATCH"):
        try:
            return request.data
        except (exceptions.APIException, ValidationError):
            return None
    return {**context["kwargs"], **request.query_params.dict()}


def _sent_value(data: Any, path: str) -> Any:
    """Give what was sent for this field, cut short, and never where a secret may stand."""
    for part in path.split("."):
        if part in _HIDDEN:
            return None
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    text = without_credentials(data) if isinstance(data, str) else repr(data)
    if len(text) > _LONGEST:
        return text[:_LONGEST] + "…"
    return text if isinstance(data, str) else strict(data)
