"""GraphQL errors and the SDK's HTTP statuses: one that it does not retry, and an error body with our words.

It tries 400, 401, 403, 404, 409, 410, 413, 422 and 501 once, and everything else again and again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DatabaseError, DataError
from django.http import Http404, JsonResponse
from graphql import GraphQLError
from rest_framework.exceptions import APIException, NotAuthenticated, Throttled

from common.data.validation_errors import Conflict, TooMuch, UnderWay
from common.outages.outage import Outage, outage_of
from projects.file_storage.incoming_file import FileTooLarge
from wandb_api.graphql.limits.answer_budget import AnswerTooLarge

_LONGEST = 1000
logger = logging.getLogger(__name__)

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "TOO_LARGE",
    422: "INVALID",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL",
    501: "NOT_IMPLEMENTED",
    503: "UNAVAILABLE",
    507: "DISK_FULL",
}
# The class, its status; the first that fits.
_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (Http404, 404),
    (PermissionDenied, 403),
    (Conflict, 409),
    (TooMuch, 413),
    (ValidationError, 422),
    (RequestDataTooBig, 413),
    (AnswerTooLarge, 413),
    (FileTooLarge, 413),
    (UnderWay, 503),
    # The database answers: it is the value that it does not take, now or later.
    (DataError, 422),
    (DatabaseError, 503),
)


class BadRequest(Exception):
    """The request is none that GraphQL understands."""


class NotImplementedHere(Exception):
    """An operation, a field or an argument that Runbell has not."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Runbell does not implement {what}. What it does is listed in docs/wandb-sdk.md.")


def refusal(error: Exception) -> JsonResponse:
    """Answer a request that came to nothing."""
    status, message = _status(error), _message(error)
    _note(error, status, message)
    response = JsonResponse({"errors": [_body(message, status)]}, status=status)
    if isinstance(error, Throttled) and (seconds := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(seconds)
    return _noted(_later(response, [error]))


def answer(data: Any, errors: Sequence[GraphQLError]) -> JsonResponse:
    """Answer an operation: 200, or the status of its first error."""
    body: dict[str, Any] = {"data": data}
    status = 200
    for error in errors:
        cause = _cause(error)
        own = _status(cause)
        status = own if status == 200 else status
        message = _message(cause)
        _note(cause, own, f"{'.'.join(map(str, error.path or []))}: {message}")
        body.setdefault("errors", []).append({**_body(message, own), "path": error.path})
    return _noted(_later(JsonResponse(body, status=status), map(_cause, errors)))


def _later(response: JsonResponse, causes: Iterable[Exception]) -> JsonResponse:
    """Say after how many seconds it may be sent again, where the database or the disk is why it came to nothing."""
    seconds = [outage.retry_after for cause in causes if (outage := _outage(cause)) is not None]
    if seconds:
        response["Retry-After"] = str(max(seconds))
    return response


def _outage(error: Exception) -> Outage | None:
    """Give the outage that it comes from. A value that no database takes is none."""
    return None if isinstance(error, DataError) else outage_of(error)


def _cause(error: GraphQLError) -> Exception:
    """Give what went wrong. An error without a path came before any resolver: the client's variables."""
    cause = error.original_error
    if cause is None or not error.path or isinstance(cause, GraphQLError):
        return BadRequest(_cut(error.message))
    return cause


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def _status(error: Exception) -> int:
    if isinstance(error, APIException):
        return 401 if isinstance(error, NotAuthenticated) else error.status_code
    if isinstance(error, NotImplementedHere):
        return 501
    if isinstance(error, BadRequest):
        return 400
    if (outage := _outage(error)) is not None:
        return outage.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def _message(error: Exception) -> str:
    if isinstance(error, NotAuthenticated):
        return "Send an API key. Make one in Runbell under API keys, and run `wandb login`."
    if isinstance(error, APIException):
        return str(error.detail)
    if isinstance(error, ValidationError):
        return _fields(error)
    if isinstance(error, RequestDataTooBig):
        return "The request is too large. Send less at once."
    if isinstance(error, DataError):
        return "The database cannot hold a value: a text with a NUL character, or too large a number. Leave that out."
    if (outage := _outage(error)) is not None:
        return outage.message
    if isinstance(error, DatabaseError):
        return "The database does not answer. Try again."
    if _status(error) == 500:
        return "Something went wrong inside Runbell; its log says what."
    return str(error) or "This is not allowed."


def _fields(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    said = [("" if field == NON_FIELD_ERRORS else f"{field}: ", texts) for field, texts in error.message_dict.items()]
    return " ".join(field + " ".join(texts) for field, texts in said)


def _body(message: str, status: int) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": _CODES.get(status, "ERROR")}}


def _noted(response: JsonResponse) -> JsonResponse:
    """Keep Django from a second line about it, which would say less."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # what django.utils.log looks at
    return response


def _note(error: Exception, status: int, message: str) -> None:
    if isinstance(error, UnderWay):
        logger.info("GraphQL answered %s: %s", status, message)
    elif status >= 500 and status != 501:
        logger.error("GraphQL answered %s: %s", status, message, exc_info=error)
    elif status in (400, 501):
        logger.warning("GraphQL answered %s: %s", status, message)
