"""The GraphQL endpoint: one address, one operation a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from graphql import DocumentNode, ExecutionResult, execute_sync
from rest_framework.exceptions import APIException

from common.data.strict_json import NestedTooDeep, read
from common.data.validation_errors import TooMuch
from common.data.value_count import check_body
from teams.models import User
from wandb_api.graphql import errors, left_out_input
from wandb_api.graphql.caller import Caller, caller
from wandb_api.graphql.input_variables import KnownInput
from wandb_api.graphql.limits import anonymous_queries, document_cache, inline_input
from wandb_api.graphql.limits.answer_budget import AnswerTooLarge, BudgetedExecutor, within_budget
from wandb_api.graphql.limits.inline_input import InlineField
from wandb_api.graphql.resolver_tables import typename
from wandb_api.graphql.schema import schema

_REFUSALS = (APIException, errors.BadRequest, errors.NotImplementedHere, RequestDataTooBig, TooMuch, AnswerTooLarge)


# Keys are in headers, so there is no cookie that another site could use.
@csrf_exempt
@require_POST
def graphql(request: HttpRequest) -> HttpResponse:
    """Answer one operation."""
    try:
        by = caller(request)
        if not isinstance(by.user, User):
            anonymous_queries.check_body(request)
        sent = _Sent.read(request)
        document, taken_out = _document(by, sent.query)
        given = KnownInput.of(document, sent.variables, taken_out)
        left_out_input.refuse_in_call(by, given)
        with within_budget(by.user.pk):
            result = execute_sync(
                schema,
                document,
                context_value=by,
                variable_values=given.variables,
                operation_name=sent.operation,
                type_resolver=typename,
                executor_class=BudgetedExecutor,
            )
        left_out_input.tell(by, given)
    except _REFUSALS as error:
        return errors.refusal(error)
    assert isinstance(result, ExecutionResult)
    return errors.answer(result.data, result.errors or [])


def _document(by: Caller, query: str) -> tuple[DocumentNode, tuple[InlineField, ...]]:
    if isinstance(by.user, User):
        return inline_input.document(query)
    anonymous_queries.check_text(query)
    document = document_cache.strangers_document(query)
    anonymous_queries.check(document)
    return document, ()


@dataclass(frozen=True)
class _Sent:
    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None

    @classmethod
    def read(cls, request: HttpRequest) -> _Sent:
        check_body(request.body)
        try:
            body = read(request.body.decode())
        except NestedTooDeep as error:
            raise errors.BadRequest(f"The body: {error}") from None
        except (ValueError, RecursionError):
            raise errors.BadRequest("The body is not JSON.") from None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise errors.BadRequest('The body is not GraphQL: write it like {"query": "{ viewer { id } }"}.')
        variables = body.get("variables")
        if not isinstance(variables, (dict, type(None))):
            raise errors.BadRequest("variables is no JSON object.")
        operation = body.get("operationName") or None
        return cls(body["query"], variables or {}, operation if isinstance(operation, str) else None)
