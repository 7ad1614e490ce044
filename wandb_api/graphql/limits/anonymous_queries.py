"""What may be asked without an API key: who one is (nobody), and what this server can. `wandb login` asks no more."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest
from graphql import DocumentNode, FieldNode, OperationDefinitionNode
from rest_framework.exceptions import NotAuthenticated

from common.data.validation_errors import refuse_too_much

LONGEST = 1_000
FIELDS = {"viewer", "serverInfo", "__typename"}
# Looked at before anything is parsed.
_BEGIN = re.compile(r"\s*(?:query\b\s*\w*\s*)?\{\s*(?:viewer|serverInfo|__typename)\b")


def check_body(request: HttpRequest) -> None:
    """Refuse with 413 what is too long to be read for a stranger: by what it says of itself, then by what came."""
    most = settings.ANONYMOUS_BODY_LIMIT
    said = request.META.get("CONTENT_LENGTH") or "0"
    if (said.isdecimal() and int(said) > most) or len(request.body) > most:
        limit = f"{most // 2**10} KiB (RUNBELL_ANONYMOUS_BODY_KB)"
        refuse_too_much("body", f"Without an API key it may have {limit}. Send a key, or a shorter query.")


def check_text(text: str) -> None:
    """Raise NotAuthenticated for what is not to be parsed for a stranger."""
    if len(text) > LONGEST or not _BEGIN.match(text):
        raise NotAuthenticated


def check(document: DocumentNode) -> None:
    """Raise NotAuthenticated where more is asked for than a stranger may."""
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            for selected in one.selection_set.selections:
                if not isinstance(selected, FieldNode) or selected.name.value not in FIELDS:
                    raise NotAuthenticated
