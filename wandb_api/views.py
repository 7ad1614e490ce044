"""The one address of GraphQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from graphql import ExecutionResult, execute_sync
from rest_framework.exceptions import APIException

from common.json import read
from wandb_api import documents, errors, inputs
from wandb_api.binding import typename
from wandb_api.caller import caller
from wandb_api.schema import schema


# Keys are in headers, so there is no cookie that another site could use.
@csrf_exempt
@require_POST
def graphql(request: HttpRequest) -> HttpResponse:
    """Answer one operation."""
    try:
        by = caller(request)
        sent = _Sent.read(request)
        document = documents.document(sent.query)
        result = execute_sync(
            schema,
            document,
            context_value=by,
            variable_values=inputs.known(document, sent.variables),
            operation_name=sent.operation,
            type_resolver=typename,
        )
    except (APIException, errors.BadRequest, errors.NotImplementedHere, RequestDataTooBig) as error:
        return errors.refusal(error)
    assert isinstance(result, ExecutionResult)
    return errors.answer(result.data, result.errors or [])


@dataclass(frozen=True)
class _Sent:
    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None

    @classmethod
    def read(cls, request: HttpRequest) -> _Sent:
        try:
            body = read(request.body.decode())
        except (ValueError, RecursionError):
            raise errors.BadRequest("The body is not JSON.") from None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise errors.BadRequest('The body is not GraphQL: write it like {"query": "{ viewer { id } }"}.')
        variables = body.get("variables")
        if not isinstance(variables, (dict, type(None))):
            raise errors.BadRequest("variables is no JSON object.")
        operation = body.get("operationName") or None
        return cls(body["query"], variables or {}, operation if isinstance(operation, str) else None)
