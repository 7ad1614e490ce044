"""Documents, parsed, validated and kept by their text: the SDK sends about a hundred different ones."""

from __future__ import annotations

from functools import lru_cache

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, parse, validate

from wandb_api import limits
from wandb_api.errors import BadRequest, NotImplementedHere
from wandb_api.schema import schema

_KEPT = 512
# How graphql-core says that the schema lacks something.
_LACKING = ("Cannot query field", "Unknown argument", "Unknown type", "Unknown directive")


@lru_cache(maxsize=_KEPT)
def document(text: str) -> DocumentNode:
    """Give the document of this text. Raises BadRequest, or NotImplementedHere where it asks for what we lack."""
    parsed = _parsed(text)
    errors = validate(schema, parsed, max_errors=5)
    if errors:
        raise _refusal(errors)
    limits.check(parsed)
    return parsed


def _parsed(text: str) -> DocumentNode:
    if len(text) > limits.LONGEST:
        raise BadRequest(f"The query has {len(text)} characters; {limits.LONGEST} is the most.")
    try:
        return parse(text, no_location=True, max_tokens=limits.MOST_TOKENS)
    except GraphQLSyntaxError as error:
        raise BadRequest(f"The query is not GraphQL: {error.message}") from None
    except RecursionError:
        raise BadRequest("The query is nested too deeply.") from None


def _refusal(errors: list[GraphQLError]) -> Exception:
    lacking = [error.message for error in errors if error.message.startswith(_LACKING)]
    if lacking:
        return NotImplementedHere(f"what this query asks for ({' '.join(lacking)})")
    return BadRequest(" ".join(error.message for error in errors))
