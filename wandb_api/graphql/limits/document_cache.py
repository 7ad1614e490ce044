"""GraphQL document cache: parsed, validated and kept by text. The SDK sends about a hundred different ones.

What was refused is kept too: whoever sends it again costs no more. Both are bounded in characters, as what is parsed of
one takes a hundred times as many bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from django.conf import settings
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, parse, validate
from rest_framework.exceptions import NotAuthenticated

from wandb_api.graphql.errors import BadRequest, NotImplementedHere
from wandb_api.graphql.limits import document_limits
from wandb_api.graphql.schema import schema

# How graphql-core says that the schema lacks something.
_LACKING = ("Cannot query field", "Unknown argument", "Unknown type", "Unknown directive")
Refusal = BadRequest | NotImplementedHere


class DocumentCache:
    """What became of a text, for those that were asked for last."""

    def __init__(self, most_characters: int) -> None:
        self._most, self._characters = most_characters, 0
        self._kept: OrderedDict[str, DocumentNode | Refusal] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = self.misses = 0

    def get(self, text: str) -> DocumentNode | Refusal | None:
        with self._lock:
            found = self._kept.get(text)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end(text)
            return found

    def put(self, text: str, outcome: DocumentNode | Refusal) -> None:
        with self._lock:
            if text in self._kept or len(text) > self._most:
                return
            self._kept[text] = outcome
            self._characters += len(text)
            while self._characters > self._most:
                self._characters -= len(self._kept.popitem(last=False)[0])

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._characters = self.hits = self.misses = 0

    @property
    def characters(self) -> int:
        return self._characters


# Apart: nobody who sends nonsense takes the place of what scripts send.
documents = DocumentCache(300_000)
refusals = DocumentCache(1_000_000)


def document(text: str, *, is_kept: bool = True) -> DocumentNode:
    """Give the document of this text. Raises BadRequest, or NotImplementedHere where it asks for what we lack."""
    if len(text) > document_limits.LONGEST:
        raise BadRequest(f"The query has {len(text)} characters; {document_limits.LONGEST} is the most.")
    known = documents.get(text) or refusals.get(text)
    if known is None:
        known = _judged(text)
        if is_kept:
            (documents if isinstance(known, DocumentNode) else refusals).put(text, known)
    if isinstance(known, DocumentNode):
        return known
    # One of its own for each: others may be raising it at this moment.
    raise type(known).__new__(type(known), *known.args)


def strangers_document(text: str) -> DocumentNode:
    """Give the document of a stranger's text, which takes no place in the cache. Raises as `document`.

    Where the schema is kept from strangers, so are its refusals, which tell fields that there are ("Did you mean
    …?") from those that there are not: NotAuthenticated then, as for everything else that strangers may not ask.
    """
    try:
        return document(text, is_kept=False)
    except (BadRequest, NotImplementedHere):
        if settings.PUBLIC_SCHEMA:
            raise
        raise NotAuthenticated from None


def _judged(text: str) -> DocumentNode | Refusal:
    try:
        parsed = parse(text, no_location=True, max_tokens=document_limits.MOST_TOKENS)
        document_limits.check(parsed)
        errors = validate(schema, parsed, max_errors=5)
    except BadRequest as error:
        return error
    except GraphQLSyntaxError as error:
        return BadRequest(f"The query is not GraphQL: {error.message}")
    except RecursionError:
        return BadRequest("The query is nested too deeply.")
    return _refusal(errors) if errors else parsed


def _refusal(errors: list[GraphQLError]) -> Refusal:
    lacking = [error.message for error in errors if error.message.startswith(_LACKING)]
    if lacking:
        return NotImplementedHere(f"what this query asks for ({' '.join(lacking)})")
    return BadRequest(" ".join(error.message for error in errors))
