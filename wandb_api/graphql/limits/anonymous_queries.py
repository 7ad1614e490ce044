"""What may be asked without an API key: who one is (nobody), and what this server can. `wandb login` asks no more."""

from __future__ import annotations

import re

from graphql import DocumentNode, FieldNode, OperationDefinitionNode
from rest_framework.exceptions import NotAuthenticated

LONGEST = 1_000
FIELDS = {"viewer", "serverInfo", "__typename"}
# Looked at before anything is parsed.
_BEGIN = re.compile(r"\s*(?:query\b\s*\w*\s*)?\{\s*(?:viewer|serverInfo|__typename)\b")


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
